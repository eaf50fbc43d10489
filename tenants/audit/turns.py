"""One after the other: the lock that a transaction takes before it adds to a chain, and holds until it ends."""

from django.db import connections

LOCKS = 0x41554454  # "AUDT": the class of advisory locks whose second number is a chain's hash
PATIENCE = "10s"  # then the database says lock_not_available: 503 over HTTP, nothing is written

TRY = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))"
WAIT = (
    f"SET LOCAL lock_timeout = '{PATIENCE}'; SELECT pg_advisory_xact_lock(%s, hashtext(%s));"
    " SET LOCAL lock_timeout TO DEFAULT"
)
HELD = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = %s AND objid = (hashtext(%s)::bigint & 4294967295)::oid AND objsubid = 2)"""
TWINS = {"default": "platform", "platform": "default"}


def take_turn(chain: str, alias: str) -> str:
    """Wait for the chain's lock and return the alias whose transaction holds it.

    That is `alias`, unless this very thread has taken its turn on the other login already: waiting there for oneself
    would never end, so the entry goes with that transaction.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(TRY, [LOCKS, chain])
        if cursor.fetchone()[0]:
            return alias
    twin = TWINS.get(alias)
    if twin and connections[twin].in_atomic_block and _holds(chain, twin):
        return twin
    with connections[alias].cursor() as cursor:
        cursor.execute(WAIT, [LOCKS, chain])
    return alias


def _holds(chain: str, alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(HELD, [LOCKS, chain])
        return bool(cursor.fetchone()[0])
