"""Archives that are refused, each with a sentence that names the member or the limit."""

import gzip
import io
import tarfile

import pytest

from deployments.archives import Limits, opened
from deployments.archives.tar_headers import BLOCK
from deployments.tests.archive_making import tar, tar_with, zip_
from miosa.http.problem import Unprocessable

SMALL = Limits(files=10, file_bytes=1000, total_bytes=5000, ratio=50, ratio_from=100_000)
BAD_NAMES = {
    "/etc/passwd": "must be relative",
    "../up": "are not taken",
    "a/../../up": "are not taken",
    "a/./b": "are not taken",
    "a//b": "are not taken",
    "a\\..\\b": "backslash",
    "C:/windows": "must be relative",
    "a\nb": "control characters",
    "a\u202eb.txt": "invisible",
    "a\x7f": "control characters",
    "x" * 401: "at most 400 characters",
    "x" * 256: "at most 255 bytes",
    "d/" * 40 + "f": "32 deep",
    ".git/hooks/post-checkout": ".git",
    "sub/.GIT/config": ".git",
    "git~1/x": ".git",
    "a ": "space",
    "a./b": "dot",
}
CLASHES = {
    "twice": (["a", "a"], "twice"),
    "case": (["Readme", "README"], "twice"),
    "accents": (["caf\u00e9", "cafe\u0301"], "twice"),
    "a file and a folder": (["a", "a/b"], "folder"),
    "in another case": (["Lib", "lib/x"], "folder"),
}


def refused(file, words, limits=SMALL):
    with pytest.raises(Unprocessable) as told:
        opened(file, limits)
    assert words in told.value.detail, told.value.detail


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_lead_elsewhere_are_refused(name):
    """In a tar and in a zip alike."""
    refused(tar({name: b""}), BAD_NAMES[name])
    if "\\" not in name:
        refused(zip_({name: b""}), BAD_NAMES[name])


def test_a_backslash_in_a_zip_is_refused():
    """Python's own writer would turn it round, other programs leave it."""
    made = zip_({"a/b": b""}).getvalue().replace(b"a/b", b"a\\b")
    refused(io.BytesIO(made), "backslash")


@pytest.mark.parametrize("make", [tar, zip_])
@pytest.mark.parametrize("name", ["nul\0name", "a\0../../b"])
def test_a_nul_hides_nothing(make, name):
    """What stands behind a NUL is not a name that was checked."""
    raw = make({name.replace("\0", "#"): b""}).getvalue()
    if make is tar:
        raw = gzip.decompress(raw)
        block = bytearray(raw[:BLOCK].replace(b"#", b"\n", 1))
        block[148:156] = b"%06o\0 " % sum(block[:148] + b" " * 8 + block[156:])
        raw = bytes(block) + raw[BLOCK:]
        refused(io.BytesIO(raw), "control characters")
    else:
        refused(io.BytesIO(raw.replace(b"#", b"\0")), "control characters")


@pytest.mark.parametrize("what", CLASHES)
def test_two_names_for_one_place_are_refused(what):
    """By case, by encoding of accents, and as file and folder at once."""
    names, words = CLASHES[what]
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    refused(made, words)


KINDS = {
    tarfile.SYMTYPE: "symbolic link",
    tarfile.LNKTYPE: "hard link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
    tarfile.GNUTYPE_SPARSE: "sparse",
    b"Z": "unknown kind",
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_files_and_folders_are_taken_from_a_tar(kind):
    """Links, devices, pipes, sparse files and what nobody knows."""
    refused(tar_with("thing", kind=kind), KINDS[kind])


@pytest.mark.parametrize(
    ("mode", "words"),
    [(0o120777, "symbolic link"), (0o020644, "device"), (0o010644, "pipe"), (0o104755, "setuid")],
)
def test_only_files_and_folders_are_taken_from_a_zip(mode, words):
    """The mode in a zip's directory says what a program would make of it."""

    def change(info):
        info.external_attr = mode << 16

    refused(zip_({"thing": b"/etc/passwd"}, change=change), words)


def test_files_with_anothers_rights_are_refused():
    """Setuid and setgid in a tar."""
    refused(tar_with("run", mode=0o4755), "setuid")
    refused(tar_with("run", mode=0o2755), "setuid")
