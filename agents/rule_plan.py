"""A plan by rules: clauses to intents to chains, joined to a graph; embeddings where the words do not tell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agents.chains import DEFAULT_CHAIN, MAKING, SITE_CHAIN, chain_of, intent_of, is_question
from agents.contract import Embed, ModelUnavailable
from agents.plan import MAX_STEPS, Plan, PlannedStep, ordered
from agents.text.material import repository_of, sources, tables, wants_change
from agents.text.request import Request, bare, clauses, read_request
from agents.text.site_kind import asks_for_site, asks_to_go_online
from agents.text.vectors import nearest
from agents.text.words import words

# Cosines of all-MiniLM-L6-v2 between a clause and an agent's purpose. Of the labelled requests in
# tests/test_planning_by_meaning.py the rightly matched ones lie above, the chatter ("Hello there") below.
NEAR_ENOUGH = 0.22
SHORT_WORDS = 6  # a clause this short that names no work is talk
PURPOSES: Mapping[str, str] = {
    "communication": "answer in words",
    "analysis": "find out what is required",
    "strategy": "bring the work into phases",
    "architect": "design the parts and their interfaces",
    "development": "write the code and its test",
    "quality": "review the code and run its tests again",
    "deployment": "prepare shipping it",
    "monitoring": "look at health, speed and failures",
    "integration": "connect to the outside service",
    "recommender": "propose improvements from what was recorded",
    "ai_providers": "choose models from what was recorded",
}
_FOLLOWS = re.compile(
    r"^(?:(?:and )?(?:then|afterwards|after that|next|finally|based on (?:it|that|this))\b|"
    r"\w+ (?:it|them|that|the (?:result|results|code|function|plan|roadmap|summary|design|answer|app|service|output))\b)",
    re.IGNORECASE,
)
_SHARED = frozenset({"analysis", "strategy", "architect", "quality", "monitoring", "recommender"})
_FIND_OUT = frozenset(
    {"analysis", "strategy"}
)  # what comes before making: not repeated for a clause that builds on it


@dataclass
class _Draft:
    """The graph while it grows: `last` holds the final steps of each clause so far."""

    request: Request
    steps: dict[str, PlannedStep] = field(default_factory=dict)
    last: list[tuple[str, ...]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Chosen:
    clause: str
    chain: tuple[str, ...]
    reason: str


def rule_plan(
    request: str,
    *,
    embed: Embed | None,
    purposes: Mapping[str, str],
    online: bool = False,
    files: Sequence[str] = (),
) -> Plan:
    """Return a plan by rules; `purposes` is each agent's own sentence, `embed` None where embeddings are away.

    `online`: what is made shall go online, so the orders to make it and to bring it there are one. `files` are the paths
    of what came with the request: work on them is one order, whatever its words are.
    """
    read = read_request(request)
    if not online and (handed := _of_files(request, files)):
        return _one_chain(read, handed)
    found = clauses(read.directive) or [read.directive or request.strip()]
    draft = _Draft(read)
    site, found = _site(found, read) if online else ((), found)
    chosen = [_choose(clause, read, embed=embed, purposes=purposes) for clause in found]
    if site:
        chosen.insert(0, _Chosen(". ".join(site), SITE_CHAIN, "it shall go online"))
    placed = [replace(one, chain=_add(draft, one)) for one in chosen]
    steps = ordered(tuple(draft.steps.values()), known=tuple(purposes))
    return Plan(steps, "rules", _explain(placed, draft.left_out), tuple(draft.left_out))


def _of_files(request: str, files: Sequence[str]) -> _Chosen | None:
    """Return who works on what came with the request or is named in it; None where it is about neither."""
    if wants_change(request) and (sources(files) or repository_of(request)):
        return _Chosen(request, ("development", "quality"), "it changes code that is there")
    if tables(files):
        return _Chosen(request, ("analysis",), "a table came with it")
    return None


def _one_chain(read: Request, chosen: _Chosen) -> Plan:
    draft = _Draft(read)
    placed = replace(chosen, chain=_add(draft, chosen))
    explanation = _explain([placed], [])
    return Plan(tuple(draft.steps.values()), "rules", explanation)


def _site(found: Sequence[str], read: Request) -> tuple[Sequence[str], list[str]]:
    """Return the clauses that say what to make and that it shall go online, and the others; all where none says it."""
    site = [clause for clause in found if _makes_site(clause, read)]
    return (site, [clause for clause in found if clause not in site]) if site else (found, [])


def _makes_site(clause: str, read: Request) -> bool:
    intent, _ = intent_of(clause, kind=read.kind)
    made = intent is None or intent.name in MAKING
    return asks_for_site(clause) or asks_to_go_online(clause) or (made and not is_question(clause))


def _choose(clause: str, read: Request, *, embed: Embed | None, purposes: Mapping[str, str]) -> _Chosen:
    intent, why = intent_of(clause, kind=read.kind)
    if intent:
        return _Chosen(
            clause, chain_of(intent, f"{clause} {read.material if read.kind == 'details' else ''}"), why
        )
    if is_question(clause) or (len(words(bare(clause))) <= SHORT_WORDS and read.kind != "details"):
        return _Chosen(clause, ("communication",), "a question or a short remark")
    try:
        ranked = _by_meaning(clause, embed=embed, purposes=purposes)
    except ModelUnavailable:
        ranked = None
    if ranked:
        kind, near = ranked
        return _Chosen(
            clause, (kind, "quality") if kind == "development" else (kind,), f"nearest in meaning, {near:.2f}"
        )
    return _Chosen(clause, DEFAULT_CHAIN, "nothing in it names one agent")


def _by_meaning(clause: str, *, embed: Embed | None, purposes: Mapping[str, str]) -> tuple[str, float] | None:
    if embed is None:
        return None
    vectors = embed([bare(clause), *purposes.values()])
    index, near = nearest(vectors[0], vectors[1:])[0]
    return (tuple(purposes)[index], near) if near >= NEAR_ENOUGH else None


def _add(draft: _Draft, chosen: _Chosen) -> tuple[str, ...]:
    """Join one clause's chain to the graph, sharing the steps that serve several clauses; return what was placed."""
    follows = bool(draft.last and _FOLLOWS.match(chosen.clause))
    before = draft.last[-1] if follows else ()
    chain = [kind for kind in chosen.chain if not (follows and kind in _FIND_OUT and kind in draft.steps)]
    if len(draft.steps) + sum(kind not in draft.steps or kind not in _SHARED for kind in chain) > MAX_STEPS:
        draft.left_out.append(chosen.clause)
        return ()
    for kind in chain:
        before = (_place(draft, kind, chosen, before=before, share=not follows),)
    draft.last.append(before)
    return tuple(chain)


def _place(draft: _Draft, kind: str, chosen: _Chosen, *, before: tuple[str, ...], share: bool) -> str:
    present = draft.steps.get(kind)
    if present and share and kind in _SHARED:
        joined = (
            present.instruction
            if chosen.clause in present.instruction
            else f"{present.instruction}; {chosen.clause}"
        )
        waits = tuple(dict.fromkeys([*present.depends_on, *before]))
        draft.steps[kind] = replace(present, instruction=joined, depends_on=waits)
        return kind
    key = (
        kind if present is None else f"{kind}-{1 + sum(step.agent == kind for step in draft.steps.values())}"
    )
    draft.steps[key] = PlannedStep(key, kind, PURPOSES.get(kind, ""), chosen.clause, before, chosen.reason)
    return key


def _explain(chosen: Sequence[_Chosen], left_out: Sequence[str]) -> str:
    parts = [
        f"“{_short(one.clause)}” goes to {' → '.join(one.chain)} ({one.reason})"
        for one in chosen
        if one.clause not in left_out
    ]
    said = f"Planned by rules, without a model: {'; '.join(parts)}."
    if left_out:
        said += f" A plan holds {MAX_STEPS} steps; not planned: {'; '.join(f'“{_short(clause)}”' for clause in left_out)}."
    return said


def _short(clause: str, *, limit: int = 80) -> str:
    return clause if len(clause) <= limit else f"{clause[: limit - 1].rstrip()}…"
