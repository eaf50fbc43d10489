"""Which names a file of a project may have: plain relative paths that mean one file on every system; pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from miosa.http.problem import Unprocessable

MOST_PATH = 400  # characters; the column's
MOST_PART_BYTES = 255  # what file systems take
MOST_DEPTH = 32
DRIVE = re.compile(r"[A-Za-z]:")
# Control characters, and those that are not seen: text that runs backwards hides what a file is.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class PathRefused(Unprocessable):
    """A file may not have this name; the message says which and why."""


def checked_path(name: str) -> str:
    """Return the path in its one spelling (NFC, no leading `./`). Raises PathRefused."""
    path = unicodedata.normalize("NFC", name)
    while path.startswith("./"):
        path = path[2:]
    if fault := _fault(path):
        raise PathRefused(f"{shown(name)}: {fault}.")
    return path


def refuse_clashes(paths: Iterable[str]) -> None:
    """Raise PathRefused where two names mean one place: alike but for case or accents' encoding, or file and folder."""
    files: dict[str, str] = {}
    for path in paths:
        if (twin := files.get(folded(path))) is not None:
            raise PathRefused(f"{shown(path)}: the name stands there twice, also as {shown(twin)}.")
        files[folded(path)] = path
    _refuse_file_as_folder(files)


def refuse_file_as_folder(paths: Iterable[str]) -> None:
    """Raise PathRefused where one name is that of a file and of a folder: no disk could hold both."""
    _refuse_file_as_folder({path: path for path in paths})


def _refuse_file_as_folder(files: Mapping[str, str]) -> None:
    for known, path in files.items():
        for folder in folders(known):
            if folder in files:
                raise PathRefused(f"{shown(files[folder])}: is a file and, in {shown(path)}, a folder.")


def folded(path: str) -> str:
    """Return what is the same for names that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", path).casefold())


def folders(path: str) -> list[str]:
    """Return the folders above a path, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def shown(name: str, *, most: int = 120) -> str:
    """Return a name as it may stand in a message: nothing unseen, not too long."""
    text = "".join(one if one.isprintable() else "�" for one in name)
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def _fault(path: str) -> str:
    parts = path.split("/")
    faults = (
        (not path, "a name is missing"),
        (len(path) > MOST_PATH, f"a path has at most {MOST_PATH} characters"),
        (
            any(unicodedata.category(one) in UNSEEN for one in path),
            "control characters and invisible ones are not taken",
        ),
        ("\\" in path, "folders are parted by /, a backslash is not taken"),
        (path.startswith("/") or DRIVE.match(path), "the path must be relative"),
        (len(parts) > MOST_DEPTH, f"folders lie at most {MOST_DEPTH} deep"),
    )
    found = next((words for wrong, words in faults if wrong), "")
    return found or next(filter(None, map(_fault_of_part, parts)), "")


def _fault_of_part(part: str) -> str:
    if part in {"", ".", ".."}:
        return "`.`, `..` and empty parts are not taken"
    if part[-1] in " ." or part[0] == " ":
        return "no part may begin with a space or end with a space or dot"
    if len(part.encode()) > MOST_PART_BYTES:
        return f"a part has at most {MOST_PART_BYTES} bytes"
    if folded(part) in {".git", "git~1"}:
        return "git's own folder is not taken: leave .git out"
    return ""
