"""Prepaid credit that was bought: given once, when it is paid; taken back when the money is."""

from typing import Any

from billing import subscriptions
from billing.books.granting import Given
from billing.models import Grant
from billing.payments import door
from billing.subscriptions import give

SOURCE = "stripe"
PACK = "pack"
MICROS_PER_CENT = 10_000


def fulfil(session_id: str) -> bool:
    """Give the credit of a paid checkout to the current tenant, once; return whether it is for a pack that is paid.

    What counts is what the session says now, not what an event said then.
    """
    session = door.read("checkout.sessions.retrieve", session_id)
    if (session.get("metadata") or {}).get("kind") != PACK or session["payment_status"] != "paid":
        return False
    cents = int(session["metadata"]["cents"])
    if session.get("amount_subtotal") != cents:
        raise ValueError(f"Session {session_id} is paid with another amount than it was made for.")
    give(Given(Grant.Kind.PREPAID, cents * MICROS_PER_CENT, "Prepaid credit", SOURCE, session_id))
    return True


def refund(charge_id: str) -> bool:
    """Take back what is left of a pack whose money was paid back in full; return whether there was one."""
    charge = door.read("charges.retrieve", charge_id)
    if not charge["refunded"] or not charge.get("payment_intent"):
        return False
    for session in door.read_all("checkout.sessions.list", payment_intent=_id(charge["payment_intent"])):
        grant: Grant | None = Grant.objects.filter(source=SOURCE, source_id=session["id"]).first()
        if grant is not None:
            subscriptions.take_back(grant.pk, why="paid back")
            return True
    return False


def _id(of: Any) -> str:
    return str(of if isinstance(of, str) else of["id"])
