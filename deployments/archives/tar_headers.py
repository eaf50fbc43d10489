"""The headers of a tar archive, read strictly: POSIX ustar, pax and GNU's long names; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from deployments.archives.limits import ArchiveRefused
from deployments.archives.member import refuse_mode
from deployments.paths import shown

BLOCK = 512
EMPTY = bytes(BLOCK)
MOST_EXTENSION = 16 * 1024  # bytes of a pax header or long name: what a path needs is far less
FILE_KINDS = frozenset({b"0", b"\0"})
FOLDER, PAX, PAX_GLOBAL, LONG_NAME = b"5", b"x", b"g", b"L"
REFUSED = {
    b"1": "is a hard link",
    b"2": "is a symbolic link",
    b"3": "is a device",
    b"4": "is a device",
    b"6": "is a pipe",
    b"K": "is a link with a long name",
    b"S": "is a sparse file",
    b"M": "goes on in another archive",
}
SPARSE = "GNU.sparse."


@dataclass(frozen=True, slots=True)
class Header:
    """One header as it stands there: `kind` is the type flag."""

    name: str
    kind: bytes
    mode: int
    size: int

    @property
    def extends(self) -> bool:
        """Whether it only tells about the next one."""
        return self.kind in {PAX, PAX_GLOBAL, LONG_NAME}

    def refuse_kind(self) -> None:
        """Raise ArchiveRefused unless it is a plain file or folder, or tells about one."""
        if self.kind in FILE_KINDS | {FOLDER}:
            refuse_mode(self.name, self.mode)
        elif not self.extends:
            what = REFUSED.get(self.kind, f"is of the unknown kind {self.kind!r}")
            raise ArchiveRefused(f"{shown(self.name)} {what}; only files and folders are taken.")
        elif self.size > MOST_EXTENSION:
            raise ArchiveRefused(f"A header has {self.size:,} bytes; at most {MOST_EXTENSION:,} are taken.")


def header_of(block: bytes) -> Header:
    """Return what a block of 512 bytes says. Raises ArchiveRefused where it is no header."""
    told = block[148:156]
    plain = block[:148] + b" " * 8 + block[156:]
    if _octal(told.strip(b" \0"), "a checksum") != sum(plain):
        raise ArchiveRefused("The archive is damaged, or is no tar archive: a header's checksum is wrong.")
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return Header(
        name=f"{prefix}/{name}" if prefix else name,
        kind=block[156:157],
        mode=_octal(block[100:108], "a mode"),
        size=_octal(block[124:136], "a size"),
    )


def pax_records(data: bytes) -> Mapping[str, str]:
    """Return the records of a pax header, each `length key=value` and a line end. Raises ArchiveRefused."""
    records: dict[str, str] = {}
    while data:
        digits, space, _ = data.partition(b" ")
        if not space or not digits.isdigit() or len(digits) > len(str(MOST_EXTENSION)):
            raise ArchiveRefused("A pax header cannot be read.")
        record, data = data[: int(digits)], data[int(digits) :]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if len(record) != int(digits) or not equals or not record.endswith(b"\n"):
            raise ArchiveRefused("A pax header cannot be read.")
        records[_decoded(key)] = _decoded(value)
    return records


def refuse_records(records: Mapping[str, str], *, everywhere: bool) -> None:
    """Raise ArchiveRefused for sparse files, links and, for all members at once, names and sizes."""
    if any(key.startswith(SPARSE) for key in records):
        raise ArchiveRefused("The archive holds a sparse file; only plain files are taken.")
    if "linkpath" in records:
        raise ArchiveRefused("The archive holds a link; only files and folders are taken.")
    if everywhere and {"path", "size"} & set(records):
        raise ArchiveRefused("A global pax header gives all members one name or size.")


def decimal(text: str) -> int:
    """Return a size that a pax record tells. Raises ArchiveRefused."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(2**63)):
        raise ArchiveRefused("A pax header tells a size that is no number.")
    return int(text)


def long_name(data: bytes) -> str:
    """Return the name in GNU's extension."""
    return _text(data)


def _octal(field: bytes, what: str) -> int:
    if field[:1] in {b"\x80", b"\xff"}:
        raise ArchiveRefused(
            f"The archive tells {what} in base 256, for files larger than any that is taken."
        )
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if not digits:
        return 0
    try:
        return int(digits.decode("ascii"), 8) if digits.isdigit() else _no_number(what)
    except ValueError:
        return _no_number(what)


def _no_number(what: str) -> int:
    raise ArchiveRefused(f"The archive is damaged, or is no tar archive: {what} is no number.")


def _text(field: bytes) -> str:
    return _decoded(field.split(b"\0", 1)[0])


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ArchiveRefused(f"The name {raw[:80]!r} is not UTF-8.") from None
