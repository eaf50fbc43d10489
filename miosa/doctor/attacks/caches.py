"""What processes and Valkey keep between requests: nothing of it may reach the next tenant."""

from typing import Any

from django.conf import settings
from django.core.cache import caches
from django_tenants.utils import schema_context, tenant_context

from miosa.doctor.attack import Attack, Found, Ground, Missed
from routing import board
from routing.models import Outcome
from routing.requirement import area_of

SURFACE = "caches"
KEPT_S = 60


def attacks(ground: Ground) -> Found:
    """Every cache of the settings, and the scoreboard that each process keeps by tenant."""
    for alias in settings.CACHES:
        yield from _cache(ground, alias, caches[alias])
    yield from _boards(ground)


def _cache(ground: Ground, alias: str, cache: Any) -> Found:
    target, key, value = f"cache {alias}", f"doctor:{ground.victim.canary}", ground.victim.canary
    victim, attacker = tenant_context(ground.victim.tenant), tenant_context(ground.attacker.tenant)
    with victim:
        cache.set(key, value, KEPT_S)
        if cache.get(key) != value:
            yield Missed(SURFACE, target, "the victim does not find its own entry")
    try:
        with attacker:
            yield Attack(SURFACE, target, "get", cache.get(key) is not None)
            yield Attack(SURFACE, target, "get many", bool(cache.get_many([key])))
            yield Attack(SURFACE, target, "is it there", bool(cache.has_key(key)))
            yield Attack(SURFACE, target, "prolong", bool(cache.touch(key, KEPT_S)))
            added = cache.add(key, "own", KEPT_S)
            yield Attack(SURFACE, target, "add where the victim has one", not added)
            if added:
                cache.delete(key)
            yield Attack(SURFACE, target, "delete", bool(cache.delete(key)))
            cache.set(key, "own", KEPT_S)
        with schema_context("public"):
            yield Attack(SURFACE, target, "get without any tenant", cache.get(key) is not None)
        with victim:
            yield Attack(SURFACE, target, "the victim's entry is what it was", cache.get(key) != value)
    finally:
        for scope in (victim, attacker):
            with scope:
                cache.delete(key)


def _boards(ground: Ground) -> Found:
    """A decision rests on the tenant's own outcomes: the attacker's board holds none of the victim's."""
    row = ground.victim.rows.get(Outcome)
    if row is None:
        yield Missed(SURFACE, "routing.board", "the victim has no outcome to look for")
        return
    cell = (area_of(row.task_kind, row.topic), row.model)
    with tenant_context(ground.victim.tenant):
        board.forget()
        theirs = board.current()
        if cell not in theirs.snapshot.cells:
            yield Missed(SURFACE, "routing.board", "the victim's own board does not know its outcome")
    for who, scope in (
        ("", tenant_context(ground.attacker.tenant)),
        (" without any tenant", schema_context("public")),
    ):
        with scope:
            held = board.current()
            yield Attack(
                SURFACE,
                "routing.board",
                f"the board kept{who}",
                held is theirs or cell in held.snapshot.cells,
            )
            board.forget()
            yield Attack(
                SURFACE, "routing.board", f"the board made anew{who}", cell in board.current().snapshot.cells
            )
            board.forget()
    with tenant_context(ground.victim.tenant):
        kept = board.current()
        yield Attack(
            SURFACE, "routing.board", "the victim's board is what it was", cell not in kept.snapshot.cells
        )
        board.forget()
