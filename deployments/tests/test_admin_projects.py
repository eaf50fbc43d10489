"""The admin's pages of projects and releases: they show what is there, escaped, and change nothing that is cut."""

import io
import zipfile
from typing import Any

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from deployments import files, projects, releases, variables
from deployments.files import Author, NewFile
from deployments.models import FileContent, Project, Release
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import operator, queries, signed_in

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
AUTHOR = Author("user:1")
HOSTILE = "<script>alert(1)</script>.txt"
FIRST = {
    "index.html": b"<h1>one</h1>\nsame\n",
    "old.css": b"a{}",
    "logo.bin": b"\0\1\2",
    HOSTILE: b"<img src=x onerror=alert(2)>",
}
SECOND = {
    "index.html": b"<h1>two</h1>\nsame\n",
    "new.css": b"b{}",
    "logo.bin": b"\0\1\3",
    HOSTILE: b"<img src=x onerror=alert(2)>",
}


def made(tenant, number=1):
    """A project with two releases and a variable."""
    with tenant_context(tenant):
        project = projects.create(name=f"Aurora {number}", created_by="user:1")
        cut = []
        for content in (FIRST, SECOND):
            new = [NewFile(path, text, path.endswith(".css")) for path, text in content.items()]
            files.write(project.pk, new, author=AUTHOR, whole=True)
            evidence = [{"check": "its tests pass", "passed": True, "detail": "5 <b>passed</b>"}]
            cut.append(releases.cut(project.pk, author="user:1", evidence=evidence, note=f"cut {number}"))
        variables.put(project, {"TOKEN": "hunter2-secret"}, actor="user:1")
        return project, cut


@pytest.fixture
def scene():
    tenant = open_tenant("acme")
    return (tenant, *made(tenant))


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(f"admin:deployments_{name}", args=args), query)
    assert answer.status_code == status, answer.content[:400]
    return answer.content.decode() if status == 200 else ""


@pytest.mark.parametrize("name", ["project", "release"])
def test_it_lists_more_rows_without_more_queries(scene, name):
    """The number of queries does not follow the number of rows."""
    client = operator()
    few = queries(client, f"deployments_{name}")
    for number in (2, 3):
        made(scene[0], number)
    assert queries(client, f"deployments_{name}") == few


def test_a_project_shows_files_variables_and_releases(scene):
    """Names of variables and never a value; names of files escaped, also where they are script."""
    _, project, cut = scene
    text = page(operator(), "project_change", project.pk)
    assert "TOKEN" in text
    assert "hunter2" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert(1)" not in text
    for release in cut:
        assert reverse("admin:deployments_release_change", args=[release.pk]) in text


def test_a_file_is_shown_as_it_was_and_never_run(scene):
    """Each version; what is no text is said to be none; what is not there is 404."""
    _, project, _ = scene
    client = operator()
    now = page(client, "project_file", project.pk, path="index.html")
    assert "&lt;h1&gt;two&lt;/h1&gt;" in now
    assert "&lt;h1&gt;one" in page(client, "project_file", project.pk, path="index.html", at="1")
    assert "no text" in page(client, "project_file", project.pk, path="logo.bin")
    assert "<img src=x" not in page(client, "project_file", project.pk, path=HOSTILE)
    for path in ("none.txt", "", "old.css"):
        page(client, "project_file", project.pk, status=404, path=path)
    assert "a{}" in page(client, "project_file", project.pk, path="old.css", at="1")


def test_a_project_is_put_away_and_brought_back(scene):
    """After a question each, and recorded."""
    tenant, project, _ = scene
    client = operator()

    def is_away():
        with tenant_context(tenant):
            return Project.objects.get(pk=project.pk).archived is not None

    for action, away in (("archive_project", True), ("restore_project", False)):
        address = reverse("admin:deployments_project_" + action, args=[project.pk])
        assert client.get(address).status_code == 200
        assert is_away() is not away, "a GET only asks"
        client.post(address, {"_form_submitted": "True"})
        assert is_away() is away


def test_a_release_shows_evidence_and_manifest(scene):
    """And can neither be changed nor deleted here."""
    tenant, _, (first, second) = scene
    client = operator()
    text = page(client, "release_change", second.pk)
    assert "5 &lt;b&gt;passed" in text
    assert second.checksum in text
    assert "against release 1" in text
    assert "it is the first" in page(client, "release_change", first.pk)
    client.post(reverse("admin:deployments_release_change", args=[second.pk]), {"note": "changed"})
    with tenant_context(tenant):
        assert Release.objects.get(pk=second.pk).note == "cut 1"
    assert (
        client.post(
            reverse("admin:deployments_release_delete", args=[second.pk]), {"post": "yes"}
        ).status_code
        == 403
    )


def test_what_a_release_changes_is_shown_line_by_line(scene):
    """Added, removed and changed files; lines in their colours; what is no text is said not to be shown."""
    _, _, (first, second) = scene
    client = operator()
    text = page(client, "release_diff", second.pk)
    assert '<li class="m-diff-remove">-&lt;h1&gt;one&lt;/h1&gt;</li>' in text
    assert '<li class="m-diff-add">+&lt;h1&gt;two&lt;/h1&gt;</li>' in text
    assert "Not shown line by line: binary" in text
    for words in ("1 added", "1 removed", "2 modified"):
        assert words in text
    back = page(client, "release_diff", first.pk, against=str(second.pk))
    assert '<li class="m-diff-add">+&lt;h1&gt;one&lt;/h1&gt;</li>' in back
    assert "4 added" in page(client, "release_diff", first.pk)
    page(client, "release_diff", first.pk, status=404, against="x")


def test_a_release_is_fetched_and_verified(scene):
    """As an archive with its files; and a byte that is another is told."""
    tenant, _, (_, second) = scene
    client = operator()
    address = reverse("admin:deployments_release_archive", args=[second.pk])
    answer: Any = client.get(address, {"format": "zip"})
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.read("index.html") == SECOND["index.html"]
    verify = reverse("admin:deployments_release_verify", args=[second.pk])
    assert "are what they were" in client.get(verify, follow=True).content.decode()
    with tenant_context(tenant):
        digest = next(one["digest"] for one in second.manifest if one["path"] == "new.css")
        FileContent.objects.filter(digest=digest).update(content=b"c{}")
    assert "new.css: other bytes are stored" in client.get(verify, follow=True).content.decode()


def test_who_may_not_see_sees_nothing(scene):
    """Staff without the permission."""
    _, project, (_, second) = scene
    client = signed_in("eve@miosa.example", is_staff=True)
    page(client, "project_file", project.pk, status=403, path="index.html")
    page(client, "release_diff", second.pk, status=403)
    assert client.get(reverse("admin:deployments_release_archive", args=[second.pk])).status_code == 403
