"""Look things up, then write, then be checked: what is said has to stand in what was seen.

For agents whose work rests on what is there already: files, pages, earlier results, the tenant's own records. Only tools
that read are offered; whatever else a model wants is refused where all tools are.
Template used: "look" (request, files, and what else its agent gives).
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents.contract import Effect, Evidence, ModelUnavailable, Task, Turn, Workbench
from agents.crafts.asking import Asker
from agents.crafts.hands_on import Checked, listed, until_checked
from agents.crafts.tool_use import Worked
from agents.text.fence import fenced
from agents.text.material import REPOSITORY
from agents.text.reckoning import Row, Seen, rows_of
from agents.verifiers import prose
from agents.verifiers.records import paths_there, reckoned

LOOKING_TOOLS = ("list_files", "read_file", "read_repository", "fetch_page", "recall_memory")
RECORD_TOOLS = ("query_data", "recall_memory")
ONLY_SEEN = (
    "Every number, name and path you write stands in what you were shown or what a tool returned, or a number follows from two of"
    " those by one step: sum, difference, ratio, share, another unit. Write numbers in digits. What cannot be known from here, say so."
)
ROUNDS, REPAIRS = 12, 2
_BEFORE = re.compile(
    r"\b(?:last time|earlier|previous\w*|remember\w*|already|so far|as (?:before|usual|agreed)|we (?:decided|agreed|discussed|said)|"
    r"existing|code ?base|repositor(?:y|ies)|attach\w+|uploaded)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Looked:
    """What is said of what was seen, with its checks; `text` is "" where nobody looked, `tools` what showed something."""

    text: str = ""
    evidence: tuple[Evidence, ...] = ()
    seen: Seen = field(default_factory=Seen)
    tools: tuple[str, ...] = ()
    repairs: int = 0

    @property
    def faults(self) -> tuple[str, ...]:
        """What did not pass, in words."""
        return tuple(f"{one.check}: no. {one.detail}".strip() for one in self.evidence if not one.passed)

    @property
    def first(self) -> tuple[str, ...]:
        """The answer, to stand before what was reported anyway; nothing where it did not pass."""
        return (self.text,) if self.text and not self.faults else ()

    @property
    def last(self) -> tuple[str, ...]:
        """The answer that did not pass, to stand behind it with what speaks against it."""
        return (
            (f"**Not proven**: {'; '.join(self.faults)}\n\n{self.text}",) if self.text and self.faults else ()
        )

    @property
    def told(self) -> tuple[str, ...]:
        """What is there already, to stand before what was made of it."""
        return tuple(f"**What is there already**\n{one}" for one in (*self.first, *self.last))

    @property
    def data(self) -> dict[str, Any]:
        """What later steps may know of it; empty where nobody looked."""
        return (
            {"answer": self.text, "looked_with": list(self.tools), "repairs": self.repairs}
            if self.text
            else {}
        )

    @property
    def as_material(self) -> str:
        """The same for a further question; "" where no tool was used."""
        told = fenced(self.text, origin="what was looked up before")
        return f"\n\nWhat is there already:\n{told}" if self.text and self.tools else ""

    def of_paths(self, answer: str, *, new: Collection[str] = ()) -> tuple[Evidence, ...]:
        """Check the files that a later answer names; nothing to check where no tool was used."""
        if not self.tools:
            return ()
        return (
            replace(
                paths_there(answer, self.seen, new=new), check="the files that the result names are there"
            ),
        )


NOTHING = Looked()


def worth_looking(bench: Workbench, request: str) -> bool:
    """Tell whether a request is about something that can be looked at: files, an address, what was before."""
    return bool(bench.files()) or bool(REPOSITORY.search(request)) or bool(_BEFORE.search(request))


def look_around(ask: Asker, task: Task) -> Looked:
    """Look where there is something to look at; NOTHING where no tool was used, so that all goes on as without."""
    found = looked(ask, task) if worth_looking(ask.bench, task.asked) else NOTHING
    return found if found.tools else NOTHING


def looked(
    ask: Asker, task: Task, *, source: str = "", rows: Sequence[Sequence[Row]] = (), **fields: Any
) -> Looked:
    """Let a capable model look with the tools that read, and say what it found; NOTHING where there is none.

    `source` and `rows` are figures that are known before and may be spoken of. Raises NotYet and what a ceiling raises.
    """
    tools = [one for one in ask.bench.tools() if one.effect is Effect.READS] if ask.capable() else []
    if not tools:
        return NOTHING
    request = task.asked if task.input == task.asked else f"{task.asked}\nYour part of it: {task.input}"
    files = listed(ask.bench)
    known = Seen(f"{request}\n{source}\n{files}", tuple(tuple(one) for one in rows))
    try:
        done = until_checked(
            ask,
            "look",
            tools=tools,
            check=lambda worked: _checked(worked, known),
            repairs=REPAIRS,
            says=True,
            rounds=ROUNDS,
            request=request,
            files=files,
            **fields,
        )
    except ModelUnavailable as away:
        ask.bench.note(f"Nothing was looked up: {away.reason}")
        return NOTHING
    turns = done.worked.turns
    done_with = [pair for turn in turns for pair in zip(turn.uses, turn.returned, strict=True)]
    used = dict.fromkeys(use.tool for use, one in done_with if one.ok)
    return Looked(_said(done.worked), done.checked.evidence, _seen(turns, known), tuple(used), done.repairs)


def _checked(worked: Worked, known: Seen) -> Checked:
    text, seen = _said(worked), _seen(worked.turns, known)
    evidence = (
        prose.complete(worked.reply),
        prose.repetition(text),
        reckoned(text, seen),
        paths_there(text, seen),
    )
    return Checked(
        evidence, "; ".join(f"{one.check}: no. {one.detail}" for one in evidence if not one.passed)
    )


def _said(worked: Worked) -> str:
    return prose.opening(worked.reply.text)


def _seen(turns: Sequence[Turn], known: Seen) -> Seen:
    """What may be spoken of: what is known, and what came back; of what was asked for, only dates and names count."""
    returned = [one for turn in turns for one in turn.returned if one.ok]
    asked = " ".join(json.dumps(dict(use.arguments or {})) for turn in turns for use in turn.uses)
    tables = [rows for one in returned if (rows := rows_of(one.text))]
    text = "\n".join([known.text, *(one.text for one in returned)])
    return replace(known, text=text, tables=(*known.tables, *tables), asked=asked)
