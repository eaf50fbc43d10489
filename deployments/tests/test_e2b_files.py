"""Files through the real SDK: text and bytes, small and large, names of any kind, folders, links, signed addresses."""

import hashlib
import io
import os

import httpx
import pytest
from e2b import FileNotFoundException, FileType, InvalidArgumentException, SandboxException

from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import place_fixture, sandbox_fixture, server_fixture  # noqa: F401

pytestmark = needs_boxes
MIB = 1024 * 1024


def test_it_works(sandbox):
    """Text is written, its folders are made, and it is read again."""
    written = sandbox.files.write("/home/user/new/folder/text.txt", "Grüße, 世界 𝄞\n")
    assert (written.name, written.path, written.type) == (
        "text.txt",
        "/home/user/new/folder/text.txt",
        FileType.FILE,
    )
    assert sandbox.files.read("/home/user/new/folder/text.txt") == "Grüße, 世界 𝄞\n"
    assert sandbox.files.read("new/folder/text.txt") == "Grüße, 世界 𝄞\n"


def test_bytes_stay_bytes(sandbox):
    """Every byte, also those that are no text, and an empty file."""
    every = bytes(range(256)) * 3
    sandbox.files.write("bytes.bin", every)
    assert bytes(sandbox.files.read("bytes.bin", format="bytes")) == every
    sandbox.files.write("empty", b"")
    assert bytes(sandbox.files.read("empty", format="bytes")) == b""


def test_writing_again_replaces(sandbox):
    """A shorter text leaves nothing of a longer one."""
    sandbox.files.write("again.txt", "long" * 1000)
    sandbox.files.write("again.txt", "short")
    assert sandbox.files.read("again.txt") == "short"


@pytest.mark.parametrize(
    "name", ["with space.txt", "ünïcödé 文.txt", "a&b=c?d#e+f%20.txt", "-rf", "quo'te.txt"]
)
def test_names_of_any_kind(sandbox, name):
    """What has a meaning elsewhere has none in a name."""
    sandbox.files.write(f"/home/user/names/{name}", name)
    assert sandbox.files.read(f"/home/user/names/{name}") == name
    assert sandbox.files.exists(f"/home/user/names/{name}")
    assert name in [entry.name for entry in sandbox.files.list("/home/user/names")]


def test_many_files_in_one_request(sandbox):
    """Text, bytes and open files, each in its place."""
    files = [{"path": f"many/{n % 3}/{n}.txt", "data": f"file {n}" * n} for n in range(30)]
    files.append({"path": "many/raw", "data": b"\0\1\r\n--boundary\r\n"})  # type: ignore[dict-item]
    written = sandbox.files.write_files(files)
    assert [info.path for info in written] == [f"/home/user/{file['path']}" for file in files]
    assert sandbox.files.read("many/2/29.txt") == "file 29" * 29
    assert bytes(sandbox.files.read("many/raw", format="bytes")) == b"\0\1\r\n--boundary\r\n"


@pytest.mark.parametrize("form", [False, True], ids=["body", "form"])
@pytest.mark.parametrize("size", [1 * MIB, 50 * MIB], ids=["1MiB", "50MiB"])
def test_large_files(sandbox, size, form):
    """What is read has the digest of what was written, and the box agrees."""
    content = os.urandom(MIB) * (size // MIB)
    sandbox.files.write("large.bin", io.BytesIO(content), use_octet_stream=not form, request_timeout=120)
    digest = hashlib.sha256(content).hexdigest()
    assert sandbox.commands.run("sha256sum large.bin").stdout.split()[0] == digest
    read = hashlib.sha256()
    with sandbox.files.read("large.bin", format="stream", request_timeout=120) as chunks:
        for chunk in chunks:
            read.update(chunk)
    assert read.hexdigest() == digest
    sandbox.files.remove("large.bin")


def test_packed_both_ways(sandbox):
    """gzip saves the way and changes nothing."""
    text = "again and again " * 50_000
    sandbox.files.write("packed.txt", text, gzip=True)
    assert sandbox.files.read("packed.txt", gzip=True) == text
    assert sandbox.files.get_info("packed.txt").size == len(text)


def test_an_iterable_is_streamed(sandbox):
    """Pieces are written as they come."""
    sandbox.files.write("pieces.txt", (f"{n}\n".encode() for n in range(1000)))
    assert sandbox.files.read("pieces.txt").split() == [str(n) for n in range(1000)]


def test_what_is_known_of_an_entry(sandbox):
    """Type, size, rights, owner and time of a file and a folder."""
    sandbox.files.write("known/file.txt", "12345")
    sandbox.commands.run("chmod 640 known/file.txt; touch -d @1700000000 known/file.txt")
    file = sandbox.files.get_info("known/file.txt")
    assert (file.name, file.type, file.size, file.path) == (
        "file.txt",
        FileType.FILE,
        5,
        "/home/user/known/file.txt",
    )
    assert (file.mode, file.permissions) == (0o640, "-rw-r-----")
    assert file.modified_time.timestamp() == 1_700_000_000
    assert file.owner == "user"
    folder = sandbox.files.get_info("/home/user/known")
    assert (folder.type, folder.permissions[0]) == (FileType.DIR, "d")


def test_links_are_told(sandbox):
    """A link names its target; it is read through."""
    sandbox.files.write("linked/target.txt", "here")
    sandbox.commands.run("ln -s /home/user/linked/target.txt linked/link.txt")
    info = sandbox.files.get_info("linked/link.txt")
    assert (info.type, info.symlink_target) == (FileType.SYMLINK, "/home/user/linked/target.txt")
    assert sandbox.files.read("linked/link.txt") == "here"


def test_folders_are_listed_to_a_depth(sandbox):
    """One level unless more are asked for; a folder that is not there is told."""
    sandbox.files.write_files([{"path": f"tree/{name}", "data": ""} for name in ("a", "b/c", "b/d/e")])

    def names(depth):
        return {e.path.removeprefix("/home/user/tree/") for e in sandbox.files.list("tree", depth=depth)}

    assert names(1) == {"a", "b"}
    assert names(2) == {"a", "b", "b/c", "b/d"}
    assert names(3) == {"a", "b", "b/c", "b/d", "b/d/e"}
    with pytest.raises(FileNotFoundException):
        sandbox.files.list("no/such/folder")
    with pytest.raises(InvalidArgumentException):
        sandbox.files.list("tree", depth=0)
    with pytest.raises(InvalidArgumentException):
        sandbox.files.list("tree/a")


def test_folders_are_made_once(sandbox):
    """True when it was made with those above it, False when it was there."""
    assert sandbox.files.make_dir("made/with/parents") is True
    assert sandbox.files.make_dir("made/with/parents") is False
    assert sandbox.files.get_info("made/with").type is FileType.DIR


def test_entries_move(sandbox):
    """A file and a folder get a new name; what is not there cannot."""
    sandbox.files.write("old/file.txt", "content")
    moved = sandbox.files.rename("old/file.txt", "moved.txt")
    assert (moved.name, moved.path) == ("moved.txt", "/home/user/moved.txt")
    assert not sandbox.files.exists("old/file.txt")
    assert sandbox.files.read("moved.txt") == "content"
    sandbox.files.rename("old", "new-folder")
    assert sandbox.files.get_info("new-folder").type is FileType.DIR
    with pytest.raises(FileNotFoundException):
        sandbox.files.rename("old", "anywhere")


def test_entries_are_removed(sandbox):
    """A file, a folder with all in it; what is gone already is no error."""
    sandbox.files.write("away/deep/file.txt", "x")
    sandbox.files.remove("away")
    assert not sandbox.files.exists("away/deep/file.txt")
    assert not sandbox.files.exists("away")
    sandbox.files.remove("away")


def test_what_is_not_there_cannot_be_read(sandbox):
    """The SDK's own error, for every way of reading."""
    for form in ("text", "bytes", "stream"):
        with pytest.raises(FileNotFoundException):
            sandbox.files.read("no/such/file", format=form)
    with pytest.raises(FileNotFoundException):
        sandbox.files.get_info("no/such/file")
    assert sandbox.files.exists("no/such/file") is False


def test_a_folder_is_not_read_or_written_as_a_file(sandbox):
    """Both are refused in words."""
    sandbox.files.make_dir("is-a-folder")
    with pytest.raises((InvalidArgumentException, SandboxException)):
        sandbox.files.read("is-a-folder")
    with pytest.raises((InvalidArgumentException, SandboxException)):
        sandbox.files.write("is-a-folder", "x")


def test_signed_addresses(sandbox):
    """Whoever has one reads or writes that file and no other, until its time is over."""
    sandbox.files.write("signed.txt", "for everybody")
    address = sandbox.download_url("/home/user/signed.txt", use_signature_expiration=60)
    assert httpx.get(address).text == "for everybody"
    assert httpx.get(address.replace("signed.txt", "other.txt")).status_code == 401
    assert (
        httpx.get(sandbox.download_url("/home/user/signed.txt", use_signature_expiration=-5)).status_code
        == 401
    )
    upload = sandbox.upload_url("/home/user/uploaded.txt")
    assert httpx.post(upload, files={"file": ("any", b"sent")}).status_code == 200
    assert sandbox.files.read("uploaded.txt") == "sent"
    assert httpx.post(address, files={"file": ("any", b"sent")}).status_code == 401
