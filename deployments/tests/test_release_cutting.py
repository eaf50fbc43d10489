"""Releases: what is in them, when a new one is cut, and that they stay what they are."""

import io
import threading

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django_tenants.utils import tenant_context

from deployments import contents, files, projects, releases
from deployments.archives import opened
from deployments.bundles import ContentDamaged
from deployments.files import Author, NewFile
from deployments.models import FileContent, Release
from deployments.targets.contract import Kind
from miosa.http.problem import Conflict, NotFound
from miosa.testing.fixtures import open_tenant

ME = Author("user:test")
TREE = {"index.html": b"<h1>hi</h1>", "css/site.css": b"body{}"}


@pytest.fixture
def project(tenant):
    made = projects.create(name="Shop", created_by="user:test")
    files.write(made.pk, [NewFile(path, data) for path, data in TREE.items()], author=ME)
    files.write(made.pk, [NewFile("run.sh", b"#!/bin/sh", executable=True)], author=ME)
    return made


def cut(project, **more):
    return releases.cut(project, author="user:test", **more)


def test_it_holds_files_recipe_and_evidence(project):
    """As they are when it is cut; the recipe is guessed where the project has none."""
    evidence = [{"check": "tests", "passed": True, "weight": 2, "detail": "3 passed"}]
    release = cut(project, evidence=evidence, note="first")
    assert (release.number, release.files, release.note) == (1, 3, "first")
    assert release.evidence == evidence
    assert [entry["path"] for entry in release.manifest] == ["css/site.css", "index.html", "run.sh"]
    assert projects.recipe_of(release).kind is Kind.STATIC
    assert releases.faults_of(release) == []


def test_the_same_again_is_the_same_release(project):
    """Unless the call adds a note, evidence or an execution; and going back makes a new one."""
    first = cut(project)
    assert cut(project) == first
    noted = cut(project, note="for the fair")
    assert (noted.number, noted.checksum) == (2, first.checksum)
    assert cut(project, note="for the fair") == noted
    assert cut(project) == noted
    files.write(project.pk, [NewFile("index.html", b"new")], author=ME)
    assert cut(project).number == 3
    files.restore(project.pk, "index.html", 1, author=ME)
    back = cut(project)
    assert (back.number, back.checksum) == (4, first.checksum)
    executed = cut(project, execution_id=project.pk)
    assert executed.number == 5
    assert cut(project, execution_id=project.pk) == executed


def test_the_recipe_is_part_of_it(project):
    """Another recipe, another checksum."""
    first = cut(project)
    projects.change(project.pk, recipe={"health_path": "/x"})
    assert cut(project).checksum != first.checksum


def test_a_release_stays_what_it_is(project):
    """Later changes of the project do not touch it; the database refuses to change it."""
    release = cut(project)
    files.write(project.pk, [NewFile("index.html", b"new")], author=ME)
    assert releases.bundle_of(release).read("index.html") == TREE["index.html"]
    for change in (
        lambda: Release.objects.filter(pk=release.pk).update(note="x"),
        lambda: Release.objects.filter(pk=release.pk).delete(),
    ):
        with pytest.raises((IntegrityError, InternalError), match="append-only"), transaction.atomic():
            change()


def test_a_bundle_is_what_targets_take(project):
    """Sizes, bytes, modes, and a tar that is the same each time and that our own reader takes."""
    bundle = releases.bundle_of(cut(project))
    assert bundle.paths() == {"css/site.css": 6, "index.html": 11, "run.sh": 9}
    assert bundle.read("index.html") == TREE["index.html"]
    assert bundle.executable("run.sh")
    assert not bundle.executable("index.html")
    raw = b"".join(bundle.tar())
    assert raw == b"".join(releases.bundle_of(cut(project)).tar())
    archive = opened(io.BytesIO(raw))
    assert {member.path: data for member, data in archive.contents()} == TREE | {"run.sh": b"#!/bin/sh"}
    with pytest.raises(NotFound):
        bundle.read("../etc/passwd")


def test_damage_shows(project):
    """Other bytes, missing bytes, another manifest: told by the check, refused by the bundle."""
    release = cut(project)
    digest = contents.digest_of(TREE["index.html"])
    FileContent.objects.filter(digest=digest).update(content=b"evil")
    assert releases.faults_of(release) == ["index.html: other bytes are stored"]
    with pytest.raises(ContentDamaged):
        releases.bundle_of(release).read("index.html")
    FileContent.objects.filter(digest=digest).delete()
    assert releases.faults_of(release) == ["index.html: its bytes are not stored"]
    release.manifest[0]["path"] = "elsewhere"
    assert len(releases.faults_of(release)) == 2


def test_there_must_be_something_to_release(tenant):
    """Files, or a source elsewhere; and a way to start it."""
    empty = projects.create(name="Empty", created_by="user:test")
    with pytest.raises(projects.RecipeMissing):
        cut(empty)
    projects.change(empty.pk, recipe={"kind": "static"})
    with pytest.raises(releases.NothingToRelease):
        cut(empty)
    projects.change(empty.pk, recipe={"kind": "web", "runtime": "process", "source": {"image": "shop:1"}})
    assert cut(empty).files == 0
    projects.archive(empty.pk)
    with pytest.raises(Conflict):
        cut(empty)


@pytest.mark.django_db(transaction=True)
def test_numbers_are_taken_once():
    """Many who cut at the same moment get different numbers, without a gap."""
    tenant = open_tenant("acme")
    with tenant_context(tenant):
        project = projects.create(name="Shop", created_by="user:test", recipe={"kind": "static"})
        files.write(project.pk, [NewFile("index.html", b"1")], author=ME)
    numbers = []

    def cutting(name):
        try:
            with tenant_context(tenant):
                numbers.extend(cut(project, note=f"{name} {turn}").number for turn in range(5))
        finally:
            connection.close()

    threads = [threading.Thread(target=cutting, args=(name,)) for name in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 26))
