"""Archives, whatever is in them: what goes out comes in again, and no bytes bring the reader down."""

import io
import posixpath
import tarfile
import zipfile
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.archives import Limits, Packed, opened, tar_of, zip_of
from deployments.archives.packing import gzipped
from deployments.paths import PathRefused, checked_path, refuse_clashes
from deployments.tests.archive_making import tar, zip_
from miosa.http.problem import Unprocessable

PARTS = st.text(st.characters(categories=["Ll", "Lu", "Nd", "Pd"]), min_size=1, max_size=60)
PATHS = st.lists(PARTS, min_size=1, max_size=6).map("/".join)
TREES = st.dictionaries(PATHS, st.tuples(st.binary(max_size=2000), st.booleans()), min_size=1, max_size=8)
SMALL = Limits(files=20, file_bytes=100_000, total_bytes=200_000)


def packed(tree):
    return [
        Packed(path, len(data), executable, lambda data=data: data)  # type: ignore[misc]
        for path, (data, executable) in tree.items()
    ]


def clean(tree):
    """The files of a tree whose names are taken as they are, without clashes."""
    kept = {}
    for path, file in tree.items():
        try:
            refuse_clashes([*kept, path])
            if checked_path(path) == path:
                kept[path] = file
        except PathRefused:
            continue
    return kept


@settings(max_examples=80, deadline=None)
@given(TREES)
def test_what_goes_out_comes_in_again(tree):
    """In all three formats, for us and for the standard library."""
    tree = clean(tree)
    if not tree:
        return
    ways = {
        "tar": b"".join(tar_of(packed(tree))),
        "tar.gz": b"".join(gzipped(tar_of(packed(tree)))),
        "zip": b"".join(zip_of(packed(tree))),
    }
    for format_, raw in ways.items():
        archive = opened(io.BytesIO(raw))
        assert archive.format == format_
        read = {member.path: (data, member.executable) for member, data in archive.contents()}
        assert read == tree
    with tarfile.open(fileobj=io.BytesIO(ways["tar.gz"])) as theirs:
        assert {one.name: theirs.extractfile(one).read() for one in theirs} == {
            path: data for path, (data, _) in tree.items()
        }
    with zipfile.ZipFile(io.BytesIO(ways["zip"])) as theirs:
        assert theirs.testzip() is None
        assert {name: theirs.read(name) for name in theirs.namelist()} == {
            path: data for path, (data, _) in tree.items()
        }


@given(TREES)
def test_the_same_files_make_the_same_bytes(tree):
    """In whatever order they come."""
    back = dict(reversed(tree.items()))
    assert b"".join(tar_of(packed(tree))) == b"".join(tar_of(packed(back)))
    assert b"".join(zip_of(packed(tree))) == b"".join(zip_of(packed(back)))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["tar", "tar.gz", "zip"]), st.data())
def test_damage_is_refused_or_harmless(format_, data):
    """Bytes changed, cut out or put in: a refusal, or an archive within the limits; never another error."""
    raw = bytearray({"tar": tar(mode="w"), "tar.gz": tar(), "zip": zip_()}[format_].getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        match data.draw(st.integers(0, 2)):
            case 0:
                raw[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case 1:
                del raw[at : at + data.draw(st.integers(1, 64))]
            case _:
                raw[at:at] = data.draw(st.binary(max_size=16))
    with suppress(Unprocessable):
        archive = opened(io.BytesIO(bytes(raw)), SMALL)
        assert archive.size <= SMALL.total_bytes
        assert all(checked_path(member.path) == member.path for member in archive.members)
        assert sum(len(body) for _, body in archive.contents()) == archive.size


@given(st.text(max_size=60))
def test_a_checked_path_stays_inside(name):
    """Whatever it is, joined to a folder it lies in that folder, and checking it again changes nothing."""
    try:
        path = checked_path(name)
    except PathRefused:
        return
    assert posixpath.normpath(f"/srv/x/{path}") == f"/srv/x/{path}"
    assert checked_path(path) == path
