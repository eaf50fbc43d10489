"""One call of a model for a step: the prompt as the provider's layer takes it, and who is asked first."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from agents.contract.tools import Offered, Turn
from agents.conversation import messages_of, offers_of
from routing import gateway
from routing.errors import NoCandidate, NoProviderLeft
from routing.gateway import Answer
from routing.messages import Message, Prompt
from routing.requirement import Requirement


def prompt_of(
    prompt: str,
    *,
    system: str,
    turns: Sequence[Turn] = (),
    tools: Sequence[Offered] = (),
    last_word: str = "",
    schema: Mapping[str, Any] | None = None,
    **sampling: Any,
) -> Prompt:
    """Return what an agent asks as a prompt; `sampling` are fields of it."""
    said_last = (Message("user", last_word),) if last_word else ()
    return Prompt(
        messages=(Message("system", system), Message("user", prompt), *messages_of(turns), *said_last),
        response_schema=schema,
        tools=offers_of(tools),
        **sampling,
    )


def answered(
    asked: Prompt, needed: Requirement, *, wanted: str, note: Callable[[str], None], **options: Any
) -> Answer:
    """Ask the model that is wanted, and where it cannot take or answer it, whom the router chooses.

    `options` are those of `gateway.complete`, whose errors are raised.
    """
    complete = partial(gateway.complete, asked, needed, **options)
    if wanted:
        try:
            return complete(among=lambda model: model.id == wanted)
        except (NoCandidate, NoProviderLeft):
            note(f"{wanted}, which is asked first, did not take it; the router chooses.")
    return complete()
