"""Rows of improvement for the admin's tests: a proposal that was rejected, and one of its pairs."""

from typing import Any

from django.utils import timezone

from agents.models import Proposal, ProposalTrial


def proposed(lesson: Any) -> Proposal:
    """A change that did not prove better."""
    number = Proposal.objects.count() + 1
    row: Proposal = Proposal.objects.create(
        agent=lesson.agent, number=number, kind="prompt", base_version="a" * 12, new_version="b" * 12,
        change={"kind": "prompt", "text": "Say each thing once."}, fingerprint="c" * 12, diff="+prompt: Say each thing once.",
        cause=lesson.cause, state="rejected", reason="not better", lesson=lesson, looks=1, bound=-0.1,
        replays={"pairs": 1, "better": 0, "worse": 1, "ties": 0}, ended=timezone.now(), decided_by="system",
        comparison={"old": {"count": 3, "mean": 0.6}, "new": {"count": 2, "mean": 0.5}, "low": -0.9, "high": 0.7},
    )  # fmt: skip
    ProposalTrial.objects.create(
        proposal=row, step=lesson.step, input_digest="d" * 64, look=1, old_first=True, old_score=0.6, new_score=0.5,
        difference=-0.1, verdict="old", judge="some/model", judge_reason="It says more.", shown_old_first=False,
    )  # fmt: skip
    return row
