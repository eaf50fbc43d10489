"""Archives that people send: what is taken, as the usual programs write it."""

import io
import subprocess
import tarfile
import zipfile

import pytest

from deployments.archives import Limits, opened
from deployments.tests.archive_making import PLAIN, tar, zip_

MADE = {
    "tar": tar(mode="w"),
    "tar.gz": tar(),
    "tar.gz, GNU": tar(format_=tarfile.GNU_FORMAT),
    "tar, ustar": tar(mode="w", format_=tarfile.USTAR_FORMAT),
    "zip": zip_(),
    "zip, stored": zip_(method=zipfile.ZIP_STORED),
}


def read(file):
    return {member.path: data for member, data in opened(file).contents()}


@pytest.mark.parametrize("name", MADE)
def test_it_reads_what_the_standard_library_writes(name):
    """Names, bytes and who may be run come out as they went in, in all formats."""
    archive = opened(MADE[name])
    assert archive.format == name.split(",")[0]
    assert read(MADE[name]) == PLAIN
    assert {member.path for member in archive.members if member.executable} == {"bin/run.sh"}
    assert archive.size == sum(map(len, PLAIN.values()))


def test_it_reads_what_tar_writes(tmp_path):
    """A folder packed with `tar -C folder .` loses its dots, and its folders are no files."""
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/é file.txt").write_bytes(b"x" * 1000)
    (tmp_path / "in/.env.example").write_bytes(b"A=1")
    subprocess.run(["tar", "-C", tmp_path / "in", "-czf", tmp_path / "out.tgz", "."], check=True)
    with (tmp_path / "out.tgz").open("rb") as file:
        assert read(file) == {"deep/é file.txt": b"x" * 1000, ".env.example": b"A=1"}


def test_it_reads_what_git_archive_writes(tmp_path):
    """Its global header with the commit is passed over."""
    (tmp_path / "a.txt").write_bytes(b"a")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for step in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *step], check=True)
    made = subprocess.run([*git, "archive", "--format=tar", "HEAD"], check=True, capture_output=True).stdout
    assert b"pax_global_header" in made
    assert read(io.BytesIO(made)) == {"a.txt": b"a"}


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_it_reads_long_names(format_):
    """Names longer than a header holds come from pax records and from GNU's extension."""
    name = "/".join(["folder-with-a-long-name"] * 10) + "/ünïcode.txt"
    assert read(tar({name: b"1"}, format_=format_)) == {name: b"1"}


def test_it_reads_zips_that_were_streamed():
    """Sizes that follow the bytes are taken from the directory."""

    class Unseekable(io.RawIOBase):
        def __init__(self):
            self.taken = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.taken += data
            return len(data)

    sink = Unseekable()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in PLAIN.items():
            archive.writestr(name, data)
    assert read(io.BytesIO(bytes(sink.taken))) == PLAIN


def test_it_brings_names_to_one_spelling():
    """An accent written as a second character, as some systems do, is the same file as one written in one."""
    assert list(read(zip_({"cafe\u0301.txt": b""}))) == ["café.txt"]


def test_files_at_the_limits_are_taken():
    """As many files, as large, as the limits say; one more is refused elsewhere."""
    limits = Limits(files=3, file_bytes=10, total_bytes=30)
    files = {f"{number}.txt": bytes(10) for number in range(3)}
    assert len(opened(tar(files), limits).members) == len(opened(zip_(files), limits).members) == 3
