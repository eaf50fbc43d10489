"""What an answer tells of the decision behind it: in headers always, in a member where the caller asks for it."""

from typing import Any

from billing.money import format_usd
from routing.catalog import Model
from routing.front_door.call import Call


def told(call: Call, model: Model | None, left_out: tuple[str, ...] = ()) -> list[tuple[bytes, bytes]]:
    """Return the headers that every answer carries."""
    decision = str(call.decided.decision_id).encode()
    found = [(b"x-miosa-decision-id", decision), (b"x-request-id", decision)]
    if model is not None:
        found += [(b"x-miosa-model", model.id.encode()), (b"x-miosa-provider", model.provider.encode())]
    if left_out:
        found.append((b"x-miosa-left-out", ", ".join(left_out).encode()))
    if call.decided.note:
        found.append((b"x-miosa-note", call.decided.note.encode("latin-1", "replace")))
    return found


def member(call: Call, model: Model) -> dict[str, Any]:
    """Return what an answer tells of the decision, where the caller wants to know."""
    choice = call.decided.choice
    return {
        "decision_id": str(call.decided.decision_id),
        "model": model.id,
        "provider": model.provider,
        "mode": choice.mode,
        "why": choice.why,
        "would_have_chosen": choice.model,
        "order": [one.id for one in call.candidates],
        "fallbacks": [f"{one.model}: {one.error}" for one in call.walk.records if not one.ok],
        "cost_micros": call.cost_micros,
        "cost": format_usd(call.cost_micros),
        "latency_ms": call.elapsed_ms(),
        "note": call.decided.note,
    }
