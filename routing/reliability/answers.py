"""What the chance of success of one answer is judged by: the record, the prompt, the answer itself."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class PromptTraits(Protocol):
    """What is kept of a prompt instead of its text."""

    @property
    def numbers(self) -> NDArray[np.float32]:
        """Plain facts: how long, how many digits, ... the same d of them for every prompt."""
        ...

    @property
    def hashes(self) -> tuple[NDArray[np.uint16], ...]:
        """Hashed words, pairs of words, ...: distinct hashes for each sort, the same sorts for every prompt."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a model, before anybody says whether it was right.

    `posterior` is the believed success rate of (area, model), 0..1, without this answer's own outcome. `length` is
    the answer's length in any unit that is always the same (characters, tokens); None if unknown. `signals` are
    results of verifiers as numbers, always the same ones in the same order, 0 when they say nothing;
    beyond +-10 they count as that.
    """

    area: str
    model: str
    posterior: float
    prompt: PromptTraits | None = None
    length: float | None = None
    signals: tuple[float, ...] = ()
