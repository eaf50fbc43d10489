"""Files of executions keep their bytes as long as somebody refers to them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents import artefacts, submission
from deployments import contents
from deployments.models import FileContent
from miosa.http.problem import Unprocessable


def execution(**files):
    named = {path.replace("__", "."): content for path, content in files.items()}
    return submission.submit("Look", requested_by="user:1", files=named)


def test_a_path_has_versions_and_the_same_bytes_are_none(tenant):
    """A new version only where something differs; what came first stays what came."""
    made = execution(a__txt=b"one")
    artefacts.keep(made.pk, {"a.txt": b"one"}, origin="agent")
    artefacts.keep(made.pk, {"a.txt": b"two"}, origin="agent")
    assert [(one.number, one.origin) for one in artefacts.listed(made.pk)] == [(1, "person"), (2, "agent")]
    assert artefacts.read(artefacts.newest(made.pk)["a.txt"]) == b"two"
    assert artefacts.read(artefacts.originals(made.pk)["a.txt"]) == b"one"


def test_the_sweep_leaves_what_executions_hold(tenant):
    """Bytes that nobody refers to go, those of an execution stay."""
    made = execution(a__txt=b"kept")
    contents.put(b"left over")
    FileContent.objects.update(created=timezone.now() - timedelta(hours=2))
    assert contents.sweep(timezone.now()) == 1
    assert artefacts.read(artefacts.newest(made.pk)["a.txt"]) == b"kept"


def test_a_fork_begins_with_the_files_that_came(tenant):
    """Not with what the first one's agents made of them."""
    made = execution(a__txt=b"one")
    artefacts.keep(made.pk, {"a.txt": b"changed", "b.txt": b"made"}, origin="agent")
    forked = submission.fork(made, requested_by="user:1")
    assert {path: artefacts.read(one) for path, one in artefacts.newest(forked.pk).items()} == {
        "a.txt": b"one"
    }


def test_too_many_files_are_refused(tenant):
    """In a sentence."""
    with pytest.raises(Unprocessable, match="At most 200 files"):
        artefacts.keep(execution().pk, {f"{number}.txt": b"" for number in range(201)}, origin="tool")
