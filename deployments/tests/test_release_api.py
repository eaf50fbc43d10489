"""Releases over the API: cut, fetched, compared, checked."""

import io
import tarfile

import pytest

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ROOT = "/api/v1/projects"


@pytest.fixture
def place(api):
    made = api.post(ROOT, {"name": "Shop"})
    return f"{ROOT}/{made.json()['id']}"


def wrote(api, place, **texts):
    files = [{"path": path, "content": text} for path, text in texts.items()]
    assert api.post(f"{place}/files", {"files": files}).status_code == 200


def cut(api, place, **more):
    answer = api.post(f"{place}/releases", more)
    assert answer.status_code == 201, answer.content
    return answer.json()


def at(release):
    return f"/api/v1/releases/{release['id']}"


def test_it_is_cut_and_fetched(api, place):
    """The same again is the same; its files come one by one and as an archive."""
    wrote(api, place, **{"index.html": "one\n"})
    first = cut(api, place)
    assert cut(api, place)["id"] == first["id"]
    assert cut(api, place, note="again")["number"] == 2
    assert [one["number"] for one in api.get(f"{place}/releases").json()["items"]] == [2, 1]
    detail = api.get(at(first)).json()
    assert [one["path"] for one in detail["manifest"]] == ["index.html"]
    assert detail["recipe"]["kind"] == "static"
    assert api.get(f"{at(first)}/files/content?path=index.html").content == b"one\n"
    assert api.get(f"{at(first)}/files/content?path=other").status_code == 404
    raw = b"".join(api.get(f"{at(first)}/archive?format=tar").streaming_content)
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        assert archive.getnames() == ["index.html"]
    assert api.get(f"{at(first)}/verification").json() == {"intact": True, "faults": []}


def test_an_empty_project_is_not_released(api, place):
    """It is told what is missing."""
    answer = api.post(f"{place}/releases", {})
    assert answer.status_code == 422
    assert "recipe" in answer.json()["detail"]


def test_two_releases_are_compared(api, place):
    """With the one before, or with a chosen one; not with another project's."""
    wrote(api, place, **{"index.html": "one\ntwo\n", "a": "x"})
    first = cut(api, place)
    wrote(api, place, **{"index.html": "one\n2\n"})
    second = cut(api, place)
    wrote(api, place, b="y")
    third = cut(api, place)
    found = api.get(f"{at(second)}/diff").json()
    assert (found["added_lines"], found["removed_lines"], found["against_id"]) == (1, 1, first["id"])
    assert "-two\n+2\n" in found["changes"][0]["patch"]
    assert [one["path"] for one in api.get(f"{at(third)}/diff?against={first['id']}").json()["changes"]] == [
        "b", "index.html",
    ]  # fmt: skip
    assert api.get(f"{at(first)}/diff").json()["counts"]["added"] == 2
    other = f"{ROOT}/{api.post(ROOT, {'name': 'Other'}).json()['id']}"
    wrote(api, other, **{"index.html": ""})
    assert api.get(f"{at(first)}/diff?against={cut(api, other)['id']}").status_code == 400
    assert api.get(f"{at(first)}/diff?against=x").status_code == 400


def test_a_neighbour_finds_nothing(api, place, other_api):
    """Every route of a release answers 404; so does a comparison with a foreign one."""
    wrote(api, place, **{"index.html": "secret"})
    release = cut(api, place)
    for path in ("", "/archive", "/files/content?path=index.html", "/diff", "/verification"):
        assert other_api.get(f"{at(release)}{path}").status_code == 404
    own = f"{ROOT}/{other_api.post(ROOT, {'name': 'Own'}).json()['id']}"
    wrote(other_api, own, **{"index.html": "own"})
    assert other_api.get(f"{at(cut(other_api, own))}/diff?against={release['id']}").status_code == 404
