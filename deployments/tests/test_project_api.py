"""Projects over the API: made, filled, fetched, put away; nobody sees or changes a neighbour's."""

import io
import tarfile
import zipfile

import pytest

from deployments.models import Project
from deployments.tests.archive_making import PLAIN, tar, zip_
from miosa.testing.fixtures import client_of

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ROOT = "/api/v1/projects"
RAW = "application/octet-stream"


@pytest.fixture
def place(api):
    made = api.post(ROOT, {"name": "Shop"})
    assert made.status_code == 201, made.content
    return f"{ROOT}/{made.json()['id']}"


def put_file(api, place, path, data, **headers):
    return api.put(f"{place}/files/content?path={path}", data, content_type=RAW, headers=headers)


def body_of(response):
    return b"".join(response.streaming_content)


def test_it_is_made_listed_changed_and_put_away(api):
    """And brought back; the same key makes one project."""
    made = [api.post(ROOT, {"name": "Shop"}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].json() == made[1].json()
    place = made[0].headers["Location"]
    assert place.endswith(made[0].json()["id"])
    changed = api.patch(place, {"recipe": {"kind": "web", "runtime": "python", "start": "python app.py"}})
    assert changed.json()["recipe"]["port"] == 8000
    assert changed.json()["name"] == "Shop"
    assert api.delete(place).json()["archived"]
    assert api.get(ROOT).json()["items"] == []
    assert len(api.get(f"{ROOT}?archived=true").json()["items"]) == 1
    assert api.post(f"{place}/restoration").json()["archived"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": "x", "owner": "me"}, "/owner"),
        ({"name": "x", "slug": "Not a slug"}, "/slug"),
        ({"name": "x", "recipe": {"kind": "boat"}}, "/recipe/kind"),
    ],
)
def test_what_is_not_valid_is_refused(api, body, pointer):
    """With the place in the payload."""
    answer = api.post(ROOT, body)
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]
    assert not Project.objects.exists()


def test_one_file_is_written_fetched_and_deleted(api, place):
    """As bytes, never as a page; its version guards it."""
    assert put_file(api, place, "a.html", b"<script>1</script>").json() == {
        "files_version": 1,
        "paths": ["a.html"],
    }
    fetched = api.get(f"{place}/files/content?path=a.html")
    assert fetched.content == b"<script>1</script>"
    assert fetched.headers["Content-Type"] == RAW
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    tag = fetched.headers["ETag"]
    assert put_file(api, place, "a.html", b"2", **{"If-Match": tag}).status_code == 200
    assert put_file(api, place, "a.html", b"3", **{"If-Match": tag}).status_code == 409
    assert put_file(api, place, "a.html", b"3", **{"If-None-Match": "*"}).status_code == 409
    assert put_file(api, place, "../a", b"3").status_code == 422
    assert api.get(f"{place}/files/content?path=a.html&at=1").content == b"<script>1</script>"
    assert api.delete(f"{place}/files/content?path=a.html").status_code == 200
    assert api.get(f"{place}/files/content?path=a.html").status_code == 404
    restored = api.post(f"{place}/files/restoration", {"path": "a.html", "version": 2})
    assert restored.json() == {"files_version": 4, "paths": ["a.html"]}
    renamed = api.post(f"{place}/files/renaming", {"path": "a.html", "to": "b.html"})
    assert renamed.json()["paths"] == ["a.html", "b.html"]
    versions = api.get(f"{place}/files/versions?path=a.html").json()["items"]
    assert [(one["version"], one["deleted"]) for one in versions] == [
        (5, True), (4, False), (3, True), (2, False), (1, False),
    ]  # fmt: skip


def test_many_files_are_written_at_once(api, place):
    """As text or base64, upon the version that was seen."""
    files = [
        {"path": "a.txt", "content": "é\n"},
        {"path": "b.bin", "content_base64": "AP8=", "executable": True},
    ]
    assert api.post(f"{place}/files", {"files": files, "expected_version": 0}).json()["files_version"] == 1
    tree = api.get(f"{place}/files").json()
    assert [(one["path"], one["size"], one["executable"]) for one in tree["items"]] == [
        ("a.txt", 3, False), ("b.bin", 2, True),
    ]  # fmt: skip
    assert api.post(f"{place}/files", {"files": files, "expected_version": 0}).status_code == 409
    for bad in ([], [{"path": "a"}], [{"path": "a", "content_base64": "*"}], [{"path": "/a", "content": ""}]):
        assert api.post(f"{place}/files", {"files": bad}).status_code == 422


@pytest.mark.parametrize("make", [tar, zip_])
def test_an_archive_is_taken_and_given(api, place, make):
    """In both kinds; what is not in it goes, unless it is merged."""
    put_file(api, place, "old.txt", b"old")
    assert api.put(f"{place}/archive?mode=merge", make().getvalue(), content_type=RAW).status_code == 200
    assert len(api.get(f"{place}/files").json()["items"]) == 4
    assert api.put(f"{place}/archive", make().getvalue(), content_type=RAW).json()["paths"] == ["old.txt"]
    zipped = api.get(f"{place}/archive")
    assert zipped.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(body_of(zipped))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == PLAIN
    for format_ in ("tar", "tar.gz"):
        raw = body_of(api.get(f"{place}/archive?format={format_}"))
        with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
            assert set(archive.getnames()) == set(PLAIN)
    assert api.get(f"{place}/archive?format=rar").status_code == 400


def test_a_bad_archive_changes_nothing(api, place):
    """A link among good files, what is no archive, and nothing at all."""
    put_file(api, place, "kept.txt", b"1")

    def link(info):
        info.type = tarfile.SYMTYPE if info.name.startswith("bin/") else info.type
        info.linkname = "/etc/passwd"

    for body in (tar(change=link).getvalue(), b"hello", b""):
        refused = api.put(f"{place}/archive", body, content_type=RAW)
        assert refused.status_code == 422, refused.content
        assert "rchive" in refused.json()["detail"] or "link" in refused.json()["detail"]
    assert [one["path"] for one in api.get(f"{place}/files").json()["items"]] == ["kept.txt"]


def test_variables_are_set_and_never_shown(api, place):
    """Names only; unset by name."""
    said = {"environment": "production", "values": {"TOKEN": "hunter2-canary"}}
    answer = api.put(f"{place}/variables", said)
    assert [one["name"] for one in answer.json()["items"]] == ["TOKEN"]
    assert b"hunter2-canary" not in answer.content + api.get(f"{place}/variables").content
    assert api.put(f"{place}/variables", {"values": {"PATH": "x"}}).status_code == 422
    gone = f"{place}/variables?name=TOKEN&environment=production"
    assert api.delete(gone).json()["items"] == []
    assert api.delete(gone).status_code == 404


def test_a_neighbour_finds_nothing(api, place, other_api):
    """Every route answers 404, and nothing is changed."""
    put_file(api, place, "a", b"1")
    calls = [
        other_api.get(place), other_api.patch(place, {"name": "x"}), other_api.delete(place),
        other_api.post(f"{place}/restoration"), other_api.get(f"{place}/files"),
        other_api.post(f"{place}/files", {"files": [{"path": "a", "content": "2"}]}),
        other_api.get(f"{place}/files/content?path=a"), put_file(other_api, place, "a", b"2"),
        other_api.delete(f"{place}/files/content?path=a"), other_api.get(f"{place}/files/versions"),
        other_api.get(f"{place}/archive"), other_api.put(f"{place}/archive", tar().getvalue(), content_type=RAW),
        other_api.get(f"{place}/variables"), other_api.put(f"{place}/variables", {"values": {"A": "1"}}),
        other_api.post(f"{place}/releases", {}), other_api.get(f"{place}/releases"),
    ]  # fmt: skip
    assert {call.status_code for call in calls} == {404}
    assert api.get(f"{place}/files/content?path=a").content == b"1"


def test_scopes_are_asked_for(tenant, api, place):
    """Who may only read cannot write."""
    reader = client_of(tenant, scopes=["projects:read"])
    assert reader.get(place).status_code == 200
    assert reader.patch(place, {"name": "x"}).status_code == 403
    assert put_file(reader, place, "a", b"1").status_code == 403
    assert client_of(tenant, scopes=["executions:read"]).get(place).status_code == 403
