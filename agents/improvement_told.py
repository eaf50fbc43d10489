"""The story of an agent's improvement as tables of a terminal."""

from collections.abc import Sequence

from rich.table import Table

from agents.models import Lesson, Proposal, ProposalTrial
from agents.proposals import State
from billing.money import format_usd

MOST_LESSONS, MOST_PAIRS = 10, 60
MOST_WORDS = 60  # characters of an instruction


def lessons_of(agent: str) -> list[Lesson]:
    """Return the newest lessons of an agent of the current tenant."""
    return list(Lesson.objects.filter(agent=agent).order_by("-created")[:MOST_LESSONS])


def shown_lessons(lessons: Sequence[Lesson]) -> Table | str:
    """Return what was learned from results below the threshold."""
    if not lessons:
        return "No result below 7.0 has left a lesson yet."
    table = _table("Lessons", "when", "confidence", "cause", "what follows")
    for one in lessons:
        table.add_row(f"{one.created:%d %b %H:%M}", _sure(one), one.cause, one.proposal)
    return table


def shown_pairs(row: Proposal, trials: Sequence[ProposalTrial]) -> Table:
    """Return every replayed pair and their means."""
    table = _table(f"{len(trials)} pairs", "step", "now", "proposed", "difference", "judge", "ran first")
    for one in trials[:MOST_PAIRS]:
        table.add_row(
            " ".join(one.step.instruction.split())[:MOST_WORDS],
            f"{one.old_score:.3f}",
            f"{one.new_score:.3f}",
            f"{one.difference:+.3f}",
            str(ProposalTrial.Verdict(one.verdict).label) if one.verdict else "–",
            "now" if one.old_first else "proposed",
        )
    if row.replays:
        old, new = row.replays["old_mean"], row.replays["new_mean"]
        mean, cost = row.replays["mean_difference"], format_usd(row.replays["cost_micros"])
        table.add_row("mean", f"{old:.3f}", f"{new:.3f}", f"{mean:+.3f}", "", f"cost {cost}")
    return table


def shown_state(row: Proposal) -> str:
    """Return where a proposal stands and why."""
    bound = "" if row.bound is None else f" Lower bound {row.bound:+.3f} after look {row.looks}."
    asks = row.state == State.ROLLING or row.is_watched
    share = f" {row.share:.0%} of new executions ask with it." if asks else ""
    cost = f" Its test has cost {format_usd(row.spent_micros)}." if row.spent_micros else ""
    return f"\n{row} is {row.state}: {row.reason.rstrip('.')}.{bound}{share}{cost}\n"


def shown_rollout(row: Proposal) -> Table:
    """Return both arms of a rollout."""
    table = _table("Rollout", "arm", "prompt version", "executions", "mean", "lies between")
    for name, version in (("old", row.base_version), ("new", row.new_version)):
        arm = row.comparison[name]
        table.add_row(
            name, version, str(arm["count"]), f"{arm['mean']:.3f}", f"{arm['low']:.3f} and {arm['high']:.3f}"
        )
    low, high = row.comparison["low"], row.comparison["high"]
    table.add_row("new - old", "", "", "", f"{low:+.3f} and {high:+.3f}, at every moment")
    return table


def _sure(lesson: Lesson) -> str:
    return "–" if lesson.confidence is None else f"{lesson.confidence:.1f}"


def shown_watch(row: Proposal) -> Table:
    """Return both arms of an adopted change since it was adopted, over each stretch of its watch."""
    table = _table("Watch", "since", "with it", "mean", "as before", "mean", "difference lies between")
    for one in row.watch:
        old, new = one["old"], one["new"]
        table.add_row(
            one["since"][:16].replace("T", " "), str(new["count"]), f"{new['mean']:.3f}", str(old["count"]),
            f"{old['mean']:.3f}", f"{one['low']:+.3f} and {one['high']:+.3f}, at every moment",
        )  # fmt: skip
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(
            column, justify="right" if column in {"now", "proposed", "difference", "executions"} else "left"
        )
    return table
