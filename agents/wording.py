"""A capable model may say a proposed sentence better, before it is tested; what it says is checked, never believed."""

import re
from dataclasses import replace
from uuid import UUID

from agents import proposals
from agents.changes import MOST_SENTENCE, Change, Kind, UnfitChange, read
from agents.models import Proposal
from agents.profiles_in_force import in_force
from agents.purse import Purse
from agents.remedies import sentence_for
from agents.text.words import stems
from miosa.http.problem import Conflict, PaymentRequired
from routing import gateway
from routing.errors import NoCandidate, NoProviderLeft
from routing.gateway import Attribution
from routing.messages import Message, Prompt
from routing.requirement import Requirement

AGENT = "improvement"
CEILING_MICROS = 20_000  # 2 cents, or what is left of the test's purse
WORDED = frozenset({Kind.PROMPT, Kind.PLAN_RULE})
SYSTEM = "You write instructions for language models: one plain sentence, nothing else."
QUESTION = (
    "A model works under this instruction:\n{prompt}\n\nIts answers often fail one check: {cause}\nIt was proposed to add:"
    " {text}\n\nWrite one sentence of at most 40 words to add instead, that makes the check pass. Write only the sentence."
)
_LEAST_WORDS, _MOST_WORDS = 3, 60
_REFUSED = re.compile(r"https?:|[{}<>`|\\]|\b(?:ignore|disregard)\b", re.IGNORECASE)


def improve(proposal_id: UUID, purse: Purse) -> None:
    """Reword a sentence that the rules wrote, before its first pair, where a capable model is at hand.

    A person's words stay as they are. Raises PaymentRequired where the purse is empty.
    """
    row = proposals.proposal(proposal_id)
    if row.kind not in WORDED or not _by_rules(row):
        return
    said = _asked(row, purse)
    if said is None:
        return
    text, model = said
    change = read(row.change)
    try:
        proposals.reword(row.pk, replace(change, text=text), by=model)
    except (UnfitChange, Conflict):
        return


def usable(text: str, change: Change) -> str:
    """Return the one sentence in a model's answer, "" where it is none or speaks of something else."""
    line = " ".join(text.strip().strip("\"“”'").split())
    count = len(line.split())
    sound = (
        _LEAST_WORDS <= count <= _MOST_WORDS
        and len(line) <= MOST_SENTENCE
        and not _REFUSED.search(line)
        and len(re.findall(r"[.!?](?:\s|$)", line)) <= 1
        and bool(stems(line) & stems(change.text))
    )
    return line if sound else ""


def _by_rules(row: Proposal) -> bool:
    failed = row.lesson.evidence.get("failed_checks", ()) if row.lesson else ()
    return row.change["text"] in {sentence_for(str(one["check"])) for one in failed}


def _asked(row: Proposal, purse: Purse) -> tuple[str, str] | None:
    """Return the sentence and the model that wrote it."""
    profile, change = in_force(row.agent).profile, read(row.change)
    check = row.cause.partition(":")[0]  # the check's name; what a user's text held stays out
    question = QUESTION.format(prompt=profile.prompt, cause=check, text=change.text)
    prompt = Prompt(
        (Message("system", SYSTEM), Message("user", question)), max_output_tokens=120, temperature=0.2
    )
    needed = Requirement("reason", "quality", prompt.input_tokens, prompt.max_output_tokens)
    account = Attribution(agent=AGENT, ceiling_micros=min(CEILING_MICROS, purse.left()), judged=False)
    try:
        if not gateway.preview(needed).capable:
            return None
        answer = gateway.complete(
            prompt, needed, attribution=account, among=lambda model: gateway.is_capable(model.id)
        )
    except (NoCandidate, NoProviderLeft, PaymentRequired):
        return None
    purse.pay(answer.cost_micros)
    text = usable(answer.text, change)
    return (text, answer.model) if text else None
