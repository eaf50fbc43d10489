"""Archives for tests, good ones by the standard library and bad ones by hand."""

import io
import struct
import tarfile
import zipfile
import zlib

from deployments.archives.packing import _ustar

PLAIN = {"index.html": b"<h1>hi</h1>", "css/site.css": b"body{}", "bin/run.sh": b"#!/bin/sh\n"}


def tar(files=PLAIN, *, mode="w:gz", format_=tarfile.PAX_FORMAT, change=lambda info: info) -> io.BytesIO:
    """A tar archive; `change` sees each member's header before it is written."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=format_) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(change(info) or info, io.BytesIO(data))
    return made


def zip_(files=PLAIN, *, method=zipfile.ZIP_DEFLATED, change=lambda info: None) -> io.BytesIO:
    """A zip file; `change` sees each member's header before it is written."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
            info.compress_type = method
            change(info)
            archive.writestr(info, data)
    return made


def tar_with(
    name: str | bytes, *, kind: bytes = b"0", size: int = 0, mode: int = 0o644, data: bytes = b""
) -> io.BytesIO:
    """A tar archive of one raw header, and what stands behind it."""
    raw = name if isinstance(name, bytes) else name.encode()
    padded = data + bytes(-len(data) % 512)
    return io.BytesIO(_ustar(raw[:100], b"", size=size, mode=mode, kind=kind) + padded + bytes(1024))


def overlapping_zip(count: int = 50, size: int = 1_000_000) -> io.BytesIO:
    """A zip bomb of the kind whose entries all have the same bytes."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(bytes(size)) + deflate.flush()
    crc = zlib.crc32(bytes(size))
    shared = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, len(packed), size, 1, 0)
    body = b"PK\x03\x04" + shared + b"a" + packed
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0)
    directory = b"".join(entry + b"a" for _ in range(count))
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    return io.BytesIO(body + directory + b"PK\x05\x06" + end)
