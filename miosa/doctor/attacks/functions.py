"""Functions that run with their owner's rights: each is known by name, and answers for one exact name only."""

from collections.abc import Iterator
from typing import Any

from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.statements import tried
from miosa.pg.catalogue.openings import DEFINERS, OUR_FUNCTIONS

SURFACE = "functions"
FUNCTIONS = f"""
    SELECT p.oid::regprocedure::text, p.proname, p.pronargs FROM pg_proc p
    WHERE p.prosecdef AND {OUR_FUNCTIONS} AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1
"""
WILDCARDS = ("%", "", "_", "' OR true --")
# Entering a tenant is the application's own right: see the known limit in docs/isolation.md.
NOT_CALLED = {"enter_tenant"}


def attacks(ground: Ground) -> Found:
    """Call each with what could match more than one, as a tenant and as nobody; an unknown one is a leak."""
    found = tried(FUNCTIONS, tenant=ground.attacker.tenant).rows
    if not found:
        yield Missed(SURFACE, "functions", "there is none, and the look-ups of the registry should be")
    for signature, name, arguments in found:
        reason = DEFINERS.get(name, "nobody knows what it shows")
        yield Attack(SURFACE, signature, "runs with its owner's rights", name not in DEFINERS, reason)
        if name in DEFINERS and name not in NOT_CALLED:
            for what, values in _calls(ground, name, arguments):
                marks = ", ".join(["%s"] * arguments)
                for who, tenant in (("", ground.attacker.tenant), (" without any tenant", None)):
                    answer = tried(f"SELECT 1 FROM public.{name}({marks})", values, tenant=tenant)
                    yield Attack(SURFACE, signature, f"{what}{who}", bool(answer.rows), answer.detail)


def _calls(ground: Ground, name: str, arguments: int) -> Iterator[tuple[str, list[Any]]]:
    yield "call with nothing", [None] * arguments
    if name.endswith("_by_id"):
        yield "call with nobody's id", [ground.attacker.person.pk]
        return
    for pattern in WILDCARDS:
        yield f"call with {pattern!r}", [pattern] * arguments
    yield "call with a beginning", [f"{ground.victim.tenant.slug[:-3]}%"] * arguments
