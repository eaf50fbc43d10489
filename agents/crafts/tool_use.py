"""Work with tools until it is done: ask, have used what is asked for, show what came back, ask again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents.contract import Offered, Reply, Turn, Use
from agents.crafts.asking import Asker

MOST_ROUNDS = 24
_OFTEN = 2
LAST = "You have no more rounds with tools: answer now with what you know."


@dataclass(frozen=True)
class Worked:
    """How it ended: the model's last words, every round before them, and whether it came to an end by itself."""

    reply: Reply
    turns: tuple[Turn, ...]
    finished: bool

    @property
    def files(self) -> dict[str, str]:
        """The newest SHA-256 of every file that a tool left, by path."""
        return {
            path: digest for turn in self.turns for one in turn.returned for path, digest in one.files.items()
        }


def work(
    ask: Asker,
    name: str,
    *,
    tools: Sequence[Offered],
    rounds: int = MOST_ROUNDS,
    max_output_tokens: int = 4_000,
    goes_on: Sequence[Turn] | None = None,
    **fields: Any,
) -> Worked:
    """Ask a question of the agent's profile and let the model use tools until it answers.

    One that wants the same for the third time, with no file changed since, is told to answer: it would stop the execution.
    A step that is done anew goes on after the rounds it has behind it, or after those of `goes_on`. Raises
    ModelUnavailable, NotYet and what a ceiling raises.
    """
    turns = list(ask.bench.earlier() if goes_on is None else goes_on)
    while len(turns) < rounds:
        reply = ask(name, turns=turns, tools=tools, max_output_tokens=max_output_tokens, **fields)
        if not reply.uses:
            return Worked(reply, tuple(turns), finished=True)
        if _twice_before(reply.uses, turns):
            break
        turns.append(ask.bench.use(reply.text, reply.uses))
    reply = ask(name, turns=turns, last_word=LAST, max_output_tokens=max_output_tokens, **fields)
    return Worked(reply, tuple(turns), finished=False)


def _twice_before(uses: Sequence[Use], turns: Sequence[Turn]) -> bool:
    since = max(
        (place for place, turn in enumerate(turns) if any(one.files for one in turn.returned)), default=-1
    )
    done = [(use.tool, use.arguments) for turn in turns[since + 1 :] for use in turn.uses]
    return any(done.count((use.tool, use.arguments)) >= _OFTEN for use in uses)
