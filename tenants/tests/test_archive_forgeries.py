"""A file that is no whole archive of this version is refused in one line, and nothing is changed."""

import json
import struct
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.archive import seal
from tenants.tests.archives import (
    archive,
    changed_row,
    forged,
    manifest_in,
    packed,
    refused,
    whole,
    with_manifest,
)

__all__ = ["archive", "whole"]
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

FLOOD = (b"0" * 999 + b"\n") * 70_000
ONE_AFTER_ANOTHER = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ONE_AFTER_ANOTHER
@given(data=st.data())
def test_any_flipped_bit_is_refused(archive, data):
    """Wherever it is in the file: rows, manifest, names, times, padding, comment."""
    whole = archive.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(0, 7))
    broken = archive.with_name("broken.zip")
    broken.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
    refused(broken)


@ONE_AFTER_ANOTHER
@given(data=st.data())
def test_any_missing_or_added_end_is_refused(archive, data):
    """A copy that was cut off, and one with something behind it."""
    whole = archive.read_bytes()
    broken = archive.with_name("broken.zip")
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    broken.write_bytes(data.draw(st.sampled_from([cut, whole + cut[-200:] + b"x"])))
    refused(broken)


@ONE_AFTER_ANOTHER
@given(text=st.binary(max_size=2000))
def test_any_other_file_is_refused(archive, text):
    """Whatever it holds, and also where its seal is right."""
    other = archive.with_name("other.zip")
    other.write_bytes(text)
    refused(other)
    with other.open("wb+") as file:
        file.write(text + seal.COMMENT)
        seal.put_on(file)
    refused(other)


def test_a_changed_row_is_refused_though_the_seal_is_right(archive):
    """The manifest's checksum of the table is not the one of the file."""
    path = forged(archive, files=changed_row(archive, "agents_step", purpose="another"), honest=False)
    refused(path, "changed or damaged")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "agents_step.jsonl/..", "auth_group.jsonl"]
)
def test_a_name_that_leads_elsewhere_is_refused(archive, name):
    """Only the files of an archive may be in it."""
    refused(forged(archive, files={name: b"x\n"}), "exactly the tables")


def test_a_missing_table_is_refused(archive):
    """An archive of another version, or one that was cut."""
    with ZipFile(archive) as package:
        held = {name: package.read(name) for name in package.namelist() if name != "agents_step.jsonl"}
    refused(packed(archive.with_name("less.zip"), held), "agents_step")


def test_a_file_that_is_there_twice_is_refused(archive):
    """Which of the two is meant nobody knows."""
    with ZipFile(archive) as package:
        held = [(name, package.read(name)) for name in package.namelist()]
    path = archive.with_name("twice.zip")
    with path.open("wb+") as file:
        with ZipFile(file, "w", ZIP_DEFLATED) as package:
            for name, text in held:
                package.writestr(name, text)
            with pytest.warns(UserWarning, match="Duplicate"):
                package.writestr("agents_step.jsonl", b"")
            package.comment = seal.COMMENT
        seal.put_on(file)
    refused(path, "exactly the tables")


@pytest.mark.parametrize(
    ("members", "match"),
    [
        ({"format": 2}, "format 2"),
        ({"format": None}, "format None"),
        ({"surprise": 1}, "manifest"),
        ({"files": []}, "manifest"),
        ({"files": "x"}, "manifest"),
        ({"tenant": {"id": "x"}}, "manifest"),
        ({"isolation": "castle"}, "manifest"),
        ({"taken_at": 7}, "manifest"),
    ],
)
def test_another_manifest_is_refused(archive, members, match):
    """Another format, missing and surprising members, other types."""
    refused(with_manifest(archive, json.dumps(manifest_in(archive) | members).encode()), match)


def test_other_columns_are_refused(archive):
    """The archive of a version with another table is not guessed at."""
    files = manifest_in(archive)["files"]
    files[2]["columns"].append("mood")
    refused(with_manifest(archive, json.dumps(manifest_in(archive) | {"files": files}).encode()), "mood")


def test_a_deep_manifest_is_refused(archive):
    """Brackets in brackets: no traceback, and no stack that overflows."""
    refused(with_manifest(archive, b"[" * 100_000 + b"]" * 100_000), "manifest")


def test_a_bomb_is_refused_before_it_is_unpacked(archive):
    """A small file that unpacks to a flood, as its table of contents says."""
    refused(forged(archive, files={"agents_step.jsonl": FLOOD}), "unpacks to far more")


def test_a_bomb_that_lies_about_its_size_is_refused(archive):
    """Its table of contents and its manifest say little, its data is a flood: reading stops where they said."""
    bomb = forged(archive, files={"agents_step.jsonl": FLOOD})
    with ZipFile(bomb) as package:
        entry = package.getinfo("agents_step.jsonl")
        start = package.start_dir
    text = bytearray(bomb.read_bytes())
    place = text.index(b"agents_step.jsonl", start) - 46 + 24
    assert struct.unpack_from("<L", text, place) == (entry.file_size,)
    struct.pack_into("<L", text, place, 1000)
    bomb.write_bytes(text)
    with bomb.open("rb+") as file:
        seal.put_on(file)
    refused(bomb, "changed or damaged")


def test_a_huge_table_of_contents_is_refused(archive):
    """It would be read into memory at once."""
    path = archive.with_name("huge.zip")
    with path.open("wb+") as file:
        with ZipFile(file, "w", ZIP_DEFLATED) as package:
            for number in range(8000):
                package.writestr(ZipInfo(f"{number:0100d}"), b"")
            package.comment = seal.COMMENT
        seal.put_on(file)
    refused(path, "table of contents")
