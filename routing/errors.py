"""Everything that can go wrong when a model is to be chosen or called.

RoutingProblem
├── InvalidCatalog              the catalogue file says something that cannot be: start-up stops
├── InvalidRequirement   422    an unknown task kind or mode, a negative size
├── UnknownModel         404    no model, alias or retired name of that spelling; near ones are named
├── NoCandidate    422 or 503   the constraints leave no model; says which constraint removed which one
├── NoProviderLeft       503    every candidate was tried or out of reach; carries the attempts made
├── CallCancelled        409    the caller withdrew while the model was at work; carries the attempts made
└── EmbeddingsUnavailable 503   the embeddings server does not answer, or answers nonsense

What a provider itself raises (retryable or not) stands in `routing.providers.contract`.
"""

import difflib
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import NamedTuple

from miosa.http.problem import Problem, Unavailable, whole_seconds
from routing.attempt_record import AttemptRecord

NEAR_MATCHES = 3


class RoutingProblem(Problem):
    """A model could not be chosen or called."""


class InvalidCatalog(RoutingProblem):
    """The catalogue cannot be used; correct the entry that the message names."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")


class InvalidRequirement(RoutingProblem):
    """What is asked of the model is not valid; use one of the values that the message names."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, name: str, value: object, allowed: Iterable[str]) -> None:
        given = "empty" if value in ("", None) else repr(value)
        super().__init__(f"{name} is {given}; it must be one of: {', '.join(allowed)}")


class UnknownModel(RoutingProblem):
    """No model, alias or retired model has this name; the message names the nearest ones."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.near = tuple(difflib.get_close_matches(name, list(known), n=NEAR_MATCHES, cutoff=0.5))
        hint = f"; did you mean {' or '.join(self.near)}?" if self.near else ""
        super().__init__(f"no model is called {name!r}{hint}", extensions={"near": list(self.near)})


class Removal(NamedTuple):
    """One model that a constraint took out of the choice, and why."""

    model: str
    constraint: str
    reason: str


class NoCandidate(RoutingProblem):
    """No model meets the constraints; loosen one that the message names, or add a provider's key."""

    def __init__(self, removed: Sequence[Removal]) -> None:
        self.removed = tuple(removed)
        # Were a provider missing only, trying later or elsewhere helps; otherwise the request must change.
        missing = any(removal.constraint == "provider" for removal in removed)
        why = "; ".join(f"{removal.model}: {removal.reason}" for removal in removed)
        super().__init__(
            f"no model is left: {why or 'the catalogue is empty'}",
            status=HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.UNPROCESSABLE_ENTITY,
            extensions={"removed": [removal._asdict() for removal in removed]},
        )


class NoProviderLeft(RoutingProblem):
    """Every candidate failed or is out of reach just now; try again after `retry_after_s` seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retryable = True

    def __init__(
        self, reasons: Sequence[str], *, attempts: tuple[AttemptRecord, ...], retry_after_s: float = 5
    ) -> None:
        self.attempts = attempts
        self.reasons = tuple(reasons)
        self.retry_after_s = whole_seconds(retry_after_s)
        super().__init__(
            f"no provider is left: {'; '.join(reasons) or 'there was no candidate'}",
            headers={"Retry-After": str(self.retry_after_s)},
        )


class CallCancelled(RoutingProblem):
    """The caller withdrew; what was used until then stands in `attempts`."""

    status = HTTPStatus.CONFLICT

    def __init__(self, *, attempts: tuple[AttemptRecord, ...]) -> None:
        self.attempts = attempts
        super().__init__("the call was cancelled while the model was at work")


class EmbeddingsUnavailable(Unavailable):
    """Texts cannot be embedded just now; check EMBEDDINGS_URL and try again."""

    def __init__(self, reason: str, *, retry_after_s: float = 5) -> None:
        super().__init__(f"embeddings are not available: {reason}", retry_after_s=retry_after_s)
