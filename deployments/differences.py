"""What differs between two trees of files: which files, and in texts which lines; pure, and bounded in time and size."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import takewhile
from typing import Any

MOST_TEXT_BYTES = 512 * 1024  # of a file whose lines are compared
MOST_PAIRS = 200_000  # of equal lines that the comparison may look at; beyond, a block is replaced as a whole
MOST_PATCH_CHARACTERS = 100_000  # of one file
MOST_SHOWN_CHARACTERS = 500_000  # of all
MOST_COMPARED = 300  # files
CONTEXT = 3
LOOKED_AT = 8_000  # bytes in which a NUL makes a file binary, as git has it
NO_END = "\n\\ No newline at end of file"

Entry = Mapping[str, Any]  # path, digest, size, executable: of a manifest
Read = Callable[[str], bytes]  # digest to bytes


class Effect(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs. `patch` is a unified diff; where it is empty, `omitted` says why."""

    effect: Effect
    path: str
    old_path: str = ""
    before: Entry | None = None
    after: Entry | None = None
    patch: str = ""
    omitted: str = ""
    added_lines: int = 0
    removed_lines: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes, sorted by path."""

    changes: tuple[Change, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def added_lines(self) -> int:
        """Lines that are new, where lines were compared."""
        return sum(change.added_lines for change in self.changes)

    @property
    def removed_lines(self) -> int:
        """Lines that are gone, where lines were compared."""
        return sum(change.removed_lines for change in self.changes)


def difference(before: Sequence[Entry], after: Sequence[Entry], read: Read) -> Difference:
    """Return what turns one manifest into the other; `read` is asked for texts whose lines are compared."""
    left = MOST_SHOWN_CHARACTERS
    changes = []
    for position, bare in enumerate(_changes(before, after)):
        change = _with_lines(bare, read) if position < MOST_COMPARED and left > 0 else _without(bare)
        left -= len(change.patch)
        changes.append(change)
    counts = Counter(str(change.effect) for change in changes)
    return Difference(tuple(changes), {str(effect): counts[effect] for effect in Effect})


def _changes(before: Sequence[Entry], after: Sequence[Entry]) -> list[Change]:
    old, new = ({entry["path"]: entry for entry in entries} for entries in (before, after))
    gone = {path: entry for path, entry in old.items() if path not in new}
    found = []
    for path, entry in new.items():
        if (was := old.get(path)) is None:
            source = next((one for one in gone.values() if one["digest"] == entry["digest"]), None)
            if source is not None and entry["size"]:
                del gone[source["path"]]
                found.append(Change(Effect.RENAMED, path, source["path"], source, entry))
            else:
                found.append(Change(Effect.ADDED, path, after=entry))
        elif was["digest"] != entry["digest"]:
            found.append(Change(Effect.MODIFIED, path, before=was, after=entry))
        elif was["executable"] != entry["executable"]:
            found.append(Change(Effect.MODE, path, before=was, after=entry))
    found += [Change(Effect.REMOVED, path, before=entry) for path, entry in gone.items()]
    return sorted(found, key=lambda change: change.path)


def _without(change: Change) -> Change:
    return _told(change, omitted="" if _same_bytes(change) else "too many changes to show")


def _with_lines(change: Change, read: Read) -> Change:
    if _same_bytes(change):
        return change
    sides = [entry for entry in (change.before, change.after) if entry]
    if any(entry["size"] > MOST_TEXT_BYTES for entry in sides):
        return _told(change, omitted="too large to compare")
    texts = [_text(read(entry["digest"])) if entry else "" for entry in (change.before, change.after)]
    if any(text is None for text in texts):
        return _told(change, omitted="binary")
    old, new = (_lines(text or "") for text in texts)
    matched = _matched(old, new)
    patch = _patch(change, old, new, matched)
    counted = {
        "added_lines": sum(j2 - j1 for tag, _, _, j1, j2 in matched if tag != "equal"),
        "removed_lines": sum(i2 - i1 for tag, i1, i2, _, _ in matched if tag != "equal"),
    }
    if len(patch) > MOST_PATCH_CHARACTERS:
        return _told(change, omitted="too many lines to show", **counted)
    return _told(change, patch=patch, omitted="" if patch else "empty", **counted)


def _told(change: Change, **more: Any) -> Change:
    return Change(change.effect, change.path, change.old_path, change.before, change.after, **more)


def _same_bytes(change: Change) -> bool:
    return bool(change.before and change.after and change.before["digest"] == change.after["digest"])


def _text(content: bytes) -> str | None:
    if b"\0" in content[:LOOKED_AT]:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[-1]:
        lines[-1] += NO_END
    else:
        lines.pop()
    return lines


def _matched(old: Sequence[str], new: Sequence[str]) -> list[Any]:
    """Return difflib's opcodes; begin and end that are alike are set aside first, and lines that repeat too often."""
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    rest = zip(reversed(old[head:]), reversed(new[head:]), strict=False)
    tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
    olds, news = old[head : len(old) - tail], new[head : len(new) - tail]
    matched: list[Any] = [("equal", 0, head, 0, head)] if head else []
    matched += [
        (tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in _compared(olds, news)
    ]
    if tail:
        matched.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return matched


def _compared(olds: Sequence[str], news: Sequence[str]) -> Sequence[Any]:
    if not olds and not news:
        return []
    often = Counter(news)
    if sum(often[line] for line in olds) > MOST_PAIRS:
        return [("replace", 0, len(olds), 0, len(news))]
    return SequenceMatcher(None, olds, news, autojunk=False).get_opcodes()


def _patch(change: Change, old: Sequence[str], new: Sequence[str], matched: list[Any]) -> str:
    grouping: Any = SequenceMatcher(
        None, "", ""
    )  # groups what was matched already; its stub hides the member
    grouping.opcodes = matched or [("equal", 0, 0, 0, 0)]
    lines = []
    for group in grouping.get_grouped_opcodes(CONTEXT):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        lines.append(f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@")
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                lines += [f" {line}" for line in old[a1:a2]]
                continue
            lines += [f"-{line}" for line in old[a1:a2]]
            lines += [f"+{line}" for line in new[b1:b2]]
    if not lines:
        return ""
    names = (
        f"--- a/{change.old_path or change.path}" if change.before else "--- /dev/null",
        f"+++ b/{change.path}" if change.after else "+++ /dev/null",
    )
    return "\n".join((*names, *lines)) + "\n"


def _range(start: int, stop: int) -> str:
    """Return a range as unified diffs write it: an empty one begins a line earlier."""
    length = stop - start
    return f"{start + 1 if length else start}" + ("" if length == 1 else f",{length}")
