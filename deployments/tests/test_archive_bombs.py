"""Archives that would fill the disk, lie about their sizes, or end in the middle are refused."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import tracemalloc
import zipfile

import pytest

from deployments.archives import Limits, opened
from deployments.archives.tar_headers import BLOCK
from deployments.tests.archive_making import PLAIN, overlapping_zip, tar, tar_with, zip_
from miosa.http.problem import Unprocessable

SMALL = Limits(files=10, file_bytes=1000, total_bytes=5000, ratio=50, ratio_from=100_000)


def refused(file, words, limits=SMALL):
    with pytest.raises(Unprocessable) as told:
        opened(file, limits)
    assert words in told.value.detail, told.value.detail


def test_too_many_files_are_refused_without_reading_them_all():
    """A million members cost no more than the first few: little memory, little time."""
    header = tar_with("f").getvalue()[:BLOCK]

    class Endless(io.RawIOBase):
        """A million headers that nobody keeps."""

        position = taken = 0

        def seek(self, at, whence=0):
            self.position = at
            return at

        def read(self, size=-1):
            size = min(size, 1_000_000 * BLOCK - self.position)
            begin = self.position % BLOCK
            self.position += size
            self.taken += size
            return (header * (size // BLOCK + 2))[begin : begin + size]

    source = Endless()
    tracemalloc.start()
    refused(source, "more than 5,000", Limits())
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert source.taken < 5_100 * BLOCK


def test_a_zip_that_says_it_holds_too_many_is_refused_by_its_end_alone():
    """Its directory is not even read."""
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 60_000, 60_000, 46 * 60_000, 0, 0)
    refused(io.BytesIO(b"PK\x03\x04" + bytes(46 * 60_000 - 4) + end), "more than 5,000", Limits())


def test_a_zip_whose_directory_is_larger_than_its_count_is_refused():
    """A small number cannot hide a long directory."""
    made = zip_({f"{number}": b"" for number in range(10)}).getvalue()
    at = made.rindex(b"PK\x05\x06")
    lying = made[:at] + made[at:].replace(struct.pack("<HH", 10, 10), struct.pack("<HH", 1, 1))
    refused(io.BytesIO(lying), "something else than its entries")


@pytest.mark.parametrize("make", [tar, zip_])
def test_sizes_are_limited(make):
    """A file by itself, and all together."""
    refused(make({"big": bytes(1001)}), "1,000")
    refused(make({f"{number}": bytes(1000) for number in range(6)}), "5,000 are taken")
    refused(make({f"{number}": b"" for number in range(11)}), "more than 10")


def test_bombs_do_not_go_off():
    """A gigabyte of zeros, as tar.gz and as zip: refused by what the headers say, or as soon as it shows."""
    limits = Limits(total_bytes=1 << 40, file_bytes=1 << 40)
    head = tar_with("zeros", size=1 << 30).getvalue()[:BLOCK]
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as file:
        file.write(head)
        for _ in range(64):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    refused(bomb, "200 times", limits)
    refused(zip_({"zeros": bytes(40 << 20)}), "1,000")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 << 20  # the 40 MB are the test's own


def test_a_zip_may_not_lie_about_sizes():
    """More bytes than announced, fewer, or other ones."""
    honest = zip_({"a.txt": b"x" * 900}).getvalue()
    for lie in (899, 901, 0):
        refused(io.BytesIO(honest.replace(struct.pack("<I", 900), struct.pack("<I", lie))), "'a.txt'")
    other = zip_({"a.txt": b"abc"}, method=zipfile.ZIP_STORED).getvalue().replace(b"abc", b"abd")
    refused(io.BytesIO(other), "damaged")


def test_members_may_not_share_bytes():
    """The bomb whose entries overlap."""
    refused(overlapping_zip(10, 400), "share the same bytes")


def test_directory_and_member_of_a_zip_must_agree():
    """A program that reads one and a program that reads the other would see two archives."""
    made = bytearray(zip_({"good.txt": b"1"}).getvalue())
    at = made.index(b"good.txt")
    made[at : at + 4] = b"evil"
    refused(io.BytesIO(bytes(made)), "different things")


def test_encrypted_and_oddly_packed_zips_are_refused():
    """Flags and methods beyond the usual two."""
    made = zip_({"a": b"1"}).getvalue()
    directory = made.index(b"PK\x01\x02")
    locked = bytearray(made)
    locked[directory + 8] |= 1
    refused(io.BytesIO(bytes(locked)), "encrypted")
    refused(zip_({"a": b"1" * 50}, method=zipfile.ZIP_BZIP2), "use deflate")


def test_zip64_is_refused():
    """In the end record and in an entry."""
    made = zip_({"a": b"1"}).getvalue()
    at = made.index(b"PK\x01\x02")
    entry = bytearray(made)
    entry[at + 24 : at + 28] = b"\xff" * 4
    refused(io.BytesIO(bytes(entry)), "zip64")
    end = bytearray(made)
    end[-12:-6] = b"\xff" * 6
    refused(io.BytesIO(bytes(end)), "Zip64")


@pytest.mark.parametrize("size", [0, 1, 100, 511, 512, 600, 1100])
def test_a_tar_that_is_cut_off_is_refused(size):
    """Anywhere: in a header, in a file, before its end."""
    whole = tar({"a": b"x" * 700}, mode="w", format_=tarfile.USTAR_FORMAT).getvalue()
    refused(io.BytesIO(whole[:size]), "archive is")


def test_archives_that_are_cut_off_are_refused():
    """A gzip stream and a zip file."""
    refused(io.BytesIO(tar().getvalue()[:-9]), "cut off")
    refused(io.BytesIO(zip_().getvalue()[:-5]), "cut off")


def test_nothing_may_follow_or_precede():
    """A second archive behind, a program before, another gzip stream."""
    refused(io.BytesIO(tar().getvalue() + b"more"), "follows")
    refused(io.BytesIO(tar().getvalue() * 2), "follows")
    refused(io.BytesIO(tar(mode="w").getvalue() + b"more"), "follows")
    refused(io.BytesIO(zip_().getvalue() + b"more"), "before, between or behind")
    stub = zip_().getvalue()
    refused(io.BytesIO(stub[:30] + b"stub" + stub[30:]), "")


def test_header_bombs_are_refused():
    """Pax headers and long names that are too long, too many, or that say a size nobody can have."""
    refused(tar_with("x", kind=b"x", size=1 << 30), "16,384")
    refused(tar_with("x", kind=b"L", size=1 << 30), "16,384")
    one = tar_with("x", kind=b"L", size=2, data=b"n\0").getvalue()[:1024]
    refused(io.BytesIO(one * 20), "Too many headers")
    for record in (b"12 path=ab\n\n", b"9999999999 a=b\n", b"a=b\n", b"5 a=\xff\n"):
        refused(tar_with("x", kind=b"x", size=len(record), data=record), "")
    for record, words in {b"22 GNU.sparse.major=1\n": "sparse", b"17 linkpath=/etc\n": "link"}.items():
        refused(tar_with("x", kind=b"x", size=len(record), data=record), words)
    refused(tar_with("x", kind=b"g", size=10, data=b"10 path=a\n"), "global")
    refused(tar({"a": b""}, change=lambda info: info.pax_headers.update(size="1e9")), "no number")


def test_sizes_beyond_octal_are_refused():
    """A negative size, and one in base 256."""
    for field in (b"-0000000001\0", b"\x80" + bytes(10) + b"\x01", b"\xff" * 12):
        head = bytearray(tar_with("x").getvalue()[:BLOCK])
        head[124:136] = field
        head[148:156] = b"%06o\0 " % sum(head[:148] + b" " * 8 + head[156:])
        refused(io.BytesIO(bytes(head) + bytes(1024)), "")


@pytest.mark.parametrize(
    "raw", [b"", b"hello", bytes(2000), bz2.compress(b"x"), lzma.compress(b"x"), b"\x1f\x8bxx"]
)
def test_what_is_no_archive_is_refused(raw):
    """And what is one of a kind that is not taken."""
    refused(io.BytesIO(raw), "rchive")


def test_names_that_are_no_text_are_refused():
    """Bytes that are not UTF-8."""
    refused(tar_with(b"caf\xe9"), "UTF-8")
    refused(io.BytesIO(zip_({"cafe": b""}).getvalue().replace(b"cafe", b"caf\xe9")), "UTF-8")


def test_archives_without_files_are_refused():
    """Empty ones, and folders alone; a folder with a size is a lie."""
    refused(tar({}), "no file")
    refused(zip_({}), "no file")
    refused(tar_with("folder/", kind=b"5"), "no file")
    refused(tar_with("folder/", kind=b"5", size=1, data=b"x"), "has a size")
    assert set(PLAIN)
