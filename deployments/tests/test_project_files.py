"""Files of a project: written as versions, read as they are and as they were."""

import pytest

from deployments import contents, files, projects
from deployments.files import Author, Expected, NewFile
from deployments.models import FileContent, FileVersion
from deployments.paths import PathRefused
from miosa.http.problem import Conflict, NotFound, Unprocessable

ME = Author("user:test")


@pytest.fixture
def project(tenant):
    return projects.create(name="Shop", created_by="user:test")


def wrote(project, tree, **more):
    return files.write(project.pk, [NewFile(path, data) for path, data in tree.items()], author=ME, **more)


def texts(project, **more):
    project.refresh_from_db()
    return {path: files.bytes_of(blob) for path, blob in files.tree(project, **more).items()}


def test_it_reads_what_was_written(project):
    """The tree has the bytes, sizes and the number of the change."""
    changed = wrote(project, {"a.txt": b"one", "b/c.txt": b"two"})
    assert (changed.version, changed.paths) == (1, ("a.txt", "b/c.txt"))
    assert texts(project) == {"a.txt": b"one", "b/c.txt": b"two"}
    assert files.file(project, "a.txt") == files.Blob(contents.digest_of(b"one"), 3, number=1)


def test_a_change_of_many_files_is_one_version(project):
    """Earlier trees can be read by the number of the change."""
    wrote(project, {"a": b"1", "b": b"1"})
    wrote(project, {"a": b"2", "c": b"2"})
    files.delete(project.pk, "b", author=ME)
    assert texts(project) == {"a": b"2", "c": b"2"}
    assert texts(project, at=2) == {"a": b"2", "b": b"1", "c": b"2"}
    assert texts(project, at=1) == {"a": b"1", "b": b"1"}
    assert project.files_version == 3


def test_what_is_not_changed_makes_no_version(project):
    """The same bytes again, alone or among others."""
    wrote(project, {"a": b"1", "b": b"1"})
    assert wrote(project, {"a": b"1"}) == files.Changed(1, ())
    assert wrote(project, {"a": b"1", "b": b"2"}).paths == ("b",)
    assert FileVersion.objects.count() == 3


def test_the_same_bytes_are_stored_once(project):
    """In two files, in two projects, and when they come back."""
    other = projects.create(name="Other", created_by="user:test")
    wrote(project, {"a": b"same", "b": b"same"})
    wrote(other, {"c": b"same"})
    files.delete(project.pk, "a", author=ME)
    wrote(project, {"a": b"same"})
    assert FileContent.objects.count() == 1


def test_a_whole_tree_replaces_the_one_before(project):
    """What is not in it goes."""
    wrote(project, {"a": b"1", "b": b"1"})
    assert wrote(project, {"b": b"1", "c": b"1"}, whole=True).paths == ("a", "c")
    assert texts(project) == {"b": b"1", "c": b"1"}


def test_a_file_is_renamed_and_restored(project):
    """Its bytes follow it; an older version comes back as a new one."""
    files.write(project.pk, [NewFile("run", b"1", executable=True)], author=ME)
    files.rename(project.pk, "run", "bin/run", author=ME)
    assert list(texts(project)) == ["bin/run"]
    assert files.file(project, "bin/run").executable
    wrote(project, {"bin/run": b"2"})
    files.restore(project.pk, "bin/run", 2, author=ME)
    assert texts(project) == {"bin/run": b"1"}
    assert [row.number for row in files.history(project, "bin/run").order_by("number")] == [2, 3, 4]
    with pytest.raises(Conflict):
        files.rename(project.pk, "bin/run", "bin/run", author=ME)


def test_a_mode_stays_unless_it_is_said(project):
    """Writing a script anew does not take its right to run; saying so makes a version."""
    files.write(project.pk, [NewFile("run", b"1", executable=True)], author=ME)
    wrote(project, {"run": b"2"})
    assert files.file(project, "run").executable
    assert files.write(project.pk, [NewFile("run", b"2", executable=False)], author=ME).paths == ("run",)


@pytest.mark.parametrize(
    ("expected", "fits"),
    [
        (Expected(version=1), True),
        (Expected(version=0), False),
        (Expected(number=1), True),
        (Expected(number=0), False),
        (Expected(number=2), False),
    ],
)
def test_a_change_upon_something_else_is_refused(project, expected, fits):
    """Who has seen another version is told, and nothing is written."""
    wrote(project, {"a": b"1"})
    if fits:
        assert wrote(project, {"a": b"2"}, expected=expected).version == 2
        return
    with pytest.raises(Conflict):
        wrote(project, {"a": b"2"}, expected=expected)
    assert texts(project) == {"a": b"1"}


def test_a_new_file_may_be_expected_not_to_be_there(project):
    """Number 0 says so; a deleted file counts as not there."""
    wrote(project, {"a": b"1"}, expected=Expected(number=0))
    files.delete(project.pk, "a", author=ME)
    wrote(project, {"a": b"2"}, expected=Expected(number=0))
    with pytest.raises(Conflict):
        wrote(project, {"a": b"3"}, expected=Expected(number=0))


def test_names_are_checked_against_the_tree(project):
    """Bad ones, and those that mean the same place as one that is there."""
    wrote(project, {"lib/a": b"1"})
    for path in ("../a", "LIB/A", "lib", "lib/a/b"):
        with pytest.raises(PathRefused):
            wrote(project, {path: b"2"})
    assert texts(project) == {"lib/a": b"1"}


def test_what_is_refused_leaves_nothing(project):
    """All files of a change, or none."""
    with pytest.raises(PathRefused):
        wrote(project, {"good": b"1", "../bad": b"1"})
    with pytest.raises(Unprocessable, match="16,777,216"):
        wrote(project, {"big": bytes(contents.MOST_FILE_BYTES + 1)})
    with pytest.raises(Unprocessable, match="5,000"):
        wrote(project, {f"{number}": b"1" for number in range(files.MOST_FILES + 1)})
    assert texts(project) == {}
    assert project.files_version == 0
    assert not FileContent.objects.exists()


def test_what_is_not_there_is_not_found(project):
    """A file, a deleted file, an older number, a project."""
    wrote(project, {"a": b"1"})
    files.delete(project.pk, "a", author=ME)
    for call in (
        lambda: files.file(project, "a"),
        lambda: files.delete(project.pk, "a", author=ME),
        lambda: files.restore(project.pk, "a", 0, author=ME),
        lambda: files.rename(project.pk, "b", "c", author=ME),
        lambda: files.write(project.tenant_id, [], author=ME),
    ):
        with pytest.raises(NotFound):
            call()


def test_an_archived_project_is_not_written(project):
    """Until it is restored."""
    projects.archive(project.pk)
    with pytest.raises(Conflict, match="restore"):
        wrote(project, {"a": b"1"})
    projects.restore(project.pk)
    assert wrote(project, {"a": b"1"}).version == 1


def test_another_tenant_sees_nothing(project, other_tenant, in_tenant):
    """Neither project nor files nor bytes."""
    wrote(project, {"a": b"secret"})
    with in_tenant(other_tenant):
        with pytest.raises(NotFound):
            projects.project(project.pk)
        with pytest.raises(NotFound):
            wrote(project, {"a": b"mine"})
        with pytest.raises(NotFound):
            contents.read(contents.digest_of(b"secret"))
