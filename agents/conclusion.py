"""Bring the parts of an execution into one answer: every part as it is, what failed said plainly, nothing added."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.contract import Evidence, Handover, ModelUnavailable, Result, Task, Workbench
from agents.crafts.asking import LARGE_WINDOW_TOKENS, Asker
from agents.registry_kinds import ORCHESTRATOR
from agents.text.code import blocks
from agents.text.words import estimated_tokens, sentences
from agents.verifiers import prose, structure, weights
from agents.verifiers.finding import finding

TITLES: Mapping[str, str] = {
    "communication": "Answer",
    "development": "Code",
    "integration": "Client",
    "strategy": "Roadmap",
    "architect": "Design",
    "deployment": "Shipping recipe",
    "monitoring": "Measurements",
    "recommender": "Proposals",
    "ai_providers": "Models",
    "quality": "Review",
    "analysis": "What is required",
}
ONLINE = "Online"
# What others work from, and what is said about their work: behind what was asked for.
WORKING_PAPERS = frozenset({"analysis", "quality"})
_EDGE = 0.02  # a part's confidence counts as at least 0.2 and at most 9.8 of 10


@dataclass(frozen=True)
class _Section:
    title: str
    part: Handover

    @property
    def done(self) -> bool:
        """False where there is nothing but an error: the step failed or was skipped."""
        return self.part.success or bool(self.part.data)


def conclude(task: Task, handovers: Sequence[Handover], bench: Workbench) -> Result:
    """Return the one answer to `task`; a part that failed is named, and the whole succeeds only if none is missing.

    Where it was planned anew, that stands in front.
    """
    anew = [_anew(one) for one in handovers if one.agent == ORCHESTRATOR.kind]
    sections = _sections([one for one in handovers if one.agent != ORCHESTRATOR.kind])
    done = [one for one in sections if one.done]
    missing = [one for one in sections if not one.done]
    assembled = _assembled(sections)
    ask = Asker(bench, ORCHESTRATOR)
    told = _told(ask, task, sections) if len(done) > 1 else None
    output = told or assembled
    if not told and len(sections) > 1:
        output = f"{_lead_in(sections)}\n\n{assembled}"
    output = "\n\n".join([*anew, output])
    data = {
        "sections": [
            {"step": one.part.step, "agent": one.part.agent, "title": one.title, "success": one.part.success}
            for one in sections
        ],
        "files": {name: text for one in done for name, text in dict(one.part.data.get("files", {})).items()},
        "shipment": next((found for one in sections if (found := one.part.data.get("shipment"))), None),
        "method": "synthesis" if told else "assembled",
        "notes": [*anew, *(_failure(one) for one in sections if not one.part.success)],
    }
    error = "; ".join(_failure(one) for one in missing) or None
    return Result(bool(done) and not missing, output, data, _evidence(sections), error=error)


def _sections(handovers: Sequence[Handover]) -> list[_Section]:
    """Return the parts with their titles: what runs at an address, what else was asked for, the working papers."""
    papers = WORKING_PAPERS if {one.agent for one in handovers} - WORKING_PAPERS else frozenset()
    ordered = sorted(handovers, key=lambda one: (not one.data.get("shipment"), one.agent in papers))
    titles = [
        ONLINE if one.data.get("shipment") else TITLES.get(one.agent, one.agent.capitalize())
        for one in ordered
    ]
    numbered = [
        title if titles.count(title) == 1 else f"{title} {titles[: index + 1].count(title)}"
        for index, title in enumerate(titles)
    ]
    return [_Section(title, part) for title, part in zip(numbered, ordered, strict=True)]


def _assembled(sections: Sequence[_Section]) -> str:
    if len(sections) == 1 and sections[0].done:
        return sections[0].part.output.strip()
    return "\n\n".join(f"## {one.title}\n\n{_body(one)}" for one in sections)


def _body(one: _Section) -> str:
    return one.part.output.strip() if one.done else f"**Not done.** {_failure(one)}"


def _failure(one: _Section) -> str:
    if one.done:
        return f"{one.part.agent} delivered, but not everything passed its checks"
    reason = one.part.output.strip() or "a step it needs did not succeed"
    return f"{one.part.agent} could not do its part: {reason[:300]}"


def _anew(one: Handover) -> str:
    said = one.output.strip()
    return said if one.success or one.data else f"No new way was found: {said[:300]}"


def _lead_in(sections: Sequence[_Section]) -> str:
    """Say in front what came of each part, in the words of its own record: no model may add "deployed" to a recipe."""
    return "\n".join(f"- **{one.title}**: {_state(one)}" for one in sections)


def _state(one: _Section) -> str:
    if not one.done:
        return "not done."
    if one.part.agent == "communication" and one.part.success:
        return "done."  # its notes stand right below
    told = next((str(note) for note in one.part.data.get("notes", ()) if str(note).strip()), "")
    if told:
        return told
    return "done." if one.part.success else "delivered, but it does not pass its checks."


def _told(ask: Asker, task: Task, sections: Sequence[_Section]) -> str | None:
    """Let a capable model tell the whole; None where it drops or invents something, then the parts stand as they are."""
    parts = f"{_lead_in(sections)}\n\n{_assembled(sections)}"
    if not ask.capable() or estimated_tokens(parts) > LARGE_WINDOW_TOKENS // 2:
        return None
    try:
        reply = ask(
            "synthesis", request=task.asked, parts=parts, max_output_tokens=estimated_tokens(parts) + 800
        )
    except ModelUnavailable:
        return None
    text = reply.text.strip()
    lost = [block for one in sections for block in blocks(one.part.output) if block.code.strip() not in text]
    silent = [
        one
        for one in sections
        if not one.part.success and one.part.agent not in text and "not" not in text.lower()
    ]
    outlines = [" ".join(sentences(one.part.output)[:3]) for one in sections if one.done]
    covered, _ = structure.covers_all([*sentences(text)[:200], text[:1000]], outlines, embed=ask.bench.embed)
    checks = (prose.complete(reply), covered, prose.faithful(text, f"{task.asked} {parts}"))
    return text if not lost and not silent and all(one.passed for one in checks) else None


def _evidence(sections: Sequence[_Section]) -> tuple[Evidence, ...]:
    """What speaks for the whole: nothing is missing, and how sure each part asked for is of itself."""
    missing = [one.part.step for one in sections if not one.done]
    asked = [one for one in sections if one.part.agent not in WORKING_PAPERS] or list(sections)
    whole = finding(
        "every part is there",
        passed=bool(sections) and not missing,
        weight=weights.ALL_PARTS,
        detail=", ".join(missing),
    )
    return (whole, *(_sureness(one, len(asked)) for one in asked if one.done))


def _sureness(one: _Section, parts: int) -> Evidence:
    """Carry a part's confidence over: its log-odds, shared among the parts, so that they average."""
    share = min(1 - _EDGE, max(_EDGE, one.part.confidence / 10))
    odds = math.log(share / (1 - share))
    return Evidence(
        f"{one.part.step} is sound",
        odds >= 0,
        round(abs(odds) / parts, 4),
        f"its confidence is {one.part.confidence:.1f}",
    )
