"""Everything the double knows: objects by id, in the order they were made, and what happened."""

import itertools
import threading
from typing import Any

from miosa.testing.double_clock import Clock
from miosa.testing.double_faults import Faults
from miosa.testing.stripe_double.judge import filled


class Refusal(Exception):  # noqa: N818  (it is an answer)
    """Stripe's error answer."""

    def __init__(self, status: int, message: str, *, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.status = status
        kind = "idempotency_error" if code == "idempotency_key_in_use" else "invalid_request_error"
        error = {"type": kind, "message": message}
        self.content = {
            "error": error | ({"code": code} if code else {}) | ({"param": param} if param else {})
        }


class World:
    """`lag_s`: how long summaries of usage lag behind the events. `page`: how many rows a list shows at most."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.faults = Faults()
        self.objects: dict[str, dict[str, Any]] = {}
        self.spent_credit: dict[str, int] = {}  # cents, by grant
        self.wanted: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {}  # by checkout session
        self.usage: list[dict[str, Any]] = []  # meter events that were counted
        self.events: list[dict[str, Any]] = []
        self.idempotent: dict[str, tuple[str, int, Any]] = {}
        self.carried_out: list[tuple[str, str]] = []  # POSTs that were carried out, without repetitions
        self.lag_s = 0.0
        self.page = 100
        self._numbers = itertools.count(1)

    @property
    def now(self) -> int:
        """Seconds since the epoch, there."""
        return int(self.clock.now().timestamp())

    def new(self, prefix: str) -> str:
        """Return a new id."""
        return f"{prefix}_{next(self._numbers):014d}"

    def make(self, schema: str, prefix: str, **known: Any) -> dict[str, Any]:
        """Make an object of a kind in the document, and keep it."""
        known.setdefault("id", self.new(prefix))
        known |= {"created": known.get("created", self.now), "livemode": False}
        made = filled(schema, **known)
        self.objects[made["id"]] = made
        return made

    def get(self, identifier: Any, kind: str) -> dict[str, Any]:
        """Return an object of a kind. Raises Refusal(404)."""
        found = self.objects.get(identifier) if isinstance(identifier, str) else None
        if found is None or found["object"] != kind:
            raise Refusal(404, f"No such {kind}: '{identifier}'", code="resource_missing", param="id")
        return found

    def all(self, kind: str, **where: Any) -> list[dict[str, Any]]:
        """Return the objects of a kind, newest first."""
        return [
            one
            for one in reversed(self.objects.values())
            if one["object"] == kind and all(one.get(name) == value for name, value in where.items())
        ]

    def tell(self, kind: str, thing: dict[str, Any]) -> dict[str, Any]:
        """Note that something happened to a thing, as it is now."""
        event = filled(
            "event",
            id=self.new("evt"),
            type=kind,
            created=self.now,
            livemode=False,
            data={"object": dict(thing)},
            api_version="2026-05-27.dahlia",
            pending_webhooks=1,
        )
        self.events.append(event)
        return event
