"""One table with the walls between tenants and its twin without, read and written side by side.

Both are used as the product uses its tables: through Django's models, in a transaction as one request makes it. The
twin has stock Django's engine and says its tenant in every query. `wire_` is the same by psycopg, without Django.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections, models, transaction
from django_tenants.utils import tenant_context
from uuid_utils.compat import uuid7

from benchmarks.isolation.database import superuser
from miosa.pg.row_security import TENANT
from tenants.models import Tenant
from tenants.owned import TenantOwned
from tenants.provisioning import open_tenant

TENANTS = 20
ROWS_EACH = 5_000
PLAIN = "plain"
READS = 8  # of one request, in its one transaction
LIST_ROWS = 50
SINGLES = 8
BATCH_ROWS = 500
TEXT = "x" * 128

TABLE = """
CREATE TABLE {name} (id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants_tenant, created timestamptz NOT NULL,
  body text NOT NULL, UNIQUE (tenant_id, id));
CREATE INDEX ON {name} (tenant_id, created DESC);
ALTER TABLE {name} OWNER TO miosa_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO miosa_app"""
FILL = """
INSERT INTO {name} SELECT uuidv7(), t, now() - make_interval(secs => n), repeat(md5(n::text), 4)
FROM generate_series(1, %s) n, unnest(%s::uuid[]) t"""
WALLS = f"""
ALTER TABLE bench_walled ENABLE ROW LEVEL SECURITY;
ALTER TABLE bench_walled FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON bench_walled
  USING (tenant_id = (SELECT {TENANT})) WITH CHECK (tenant_id = (SELECT {TENANT}));
CREATE POLICY platform ON bench_walled TO miosa_platform USING (true) WITH CHECK (true);
ALTER TABLE bench_walled ALTER COLUMN tenant_id SET DEFAULT {TENANT}"""


class Walled(TenantOwned):
    """As every product table is: behind the wall."""

    created = models.DateTimeField()
    body = models.TextField()

    class Meta:
        app_label = "miosa"
        managed = False
        db_table = "bench_walled"

    def __str__(self) -> str:
        return str(self.pk)


class Plain(models.Model):
    """The same columns, told apart by what each query says."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_index=False, related_name="+")
    created = models.DateTimeField()
    body = models.TextField()

    class Meta:
        app_label = "miosa"
        managed = False
        db_table = "bench_plain"

    def __str__(self) -> str:
        return str(self.pk)


@dataclass(frozen=True)
class Side:
    """One of the twins: how a transaction begins, and what its rows are."""

    model: type[models.Model]
    alias: str
    tenant: Tenant
    ids: list[Any]

    @contextmanager
    def request(self) -> Iterator[None]:
        """Open the transaction of one request."""
        entered: Any = tenant_context(self.tenant) if self.alias == "default" else nullcontext()
        with entered, transaction.atomic(using=self.alias):
            yield

    def rows(self) -> Any:
        """Return the tenant's rows: the wall instead of a WHERE, or a WHERE instead of the wall."""
        rows = self.model._base_manager.using(self.alias)
        return rows if self.alias == "default" else rows.filter(tenant_id=self.tenant.pk)

    def product_rows(self) -> Any:
        """Return them as the product's views ask for them: behind the wall, and with the WHERE for the planner."""
        return Walled.objects if self.alias == "default" else self.rows()

    def made(self) -> Any:
        """Return a new row; behind the wall it knows its tenant by itself."""
        told = {} if self.alias == "default" else {"tenant_id": self.tenant.pk}
        return self.model(created=datetime.now(UTC), body=TEXT, **told)


def measure(url: str, *, rounds: int) -> dict[str, dict[str, float]]:
    """Return the microseconds of each operation on both sides, and what the walls cost as a factor."""
    walled, plain = _twins(url)
    found = {
        name: _compared(work, walled, plain, each, rounds // FEWER.get(name, 1))
        for name, (work, each) in WORK.items()
    }
    with psycopg.connect(settings.ENVIRONMENT.database_url, autocommit=True, prepare_threshold=None) as wire:
        for name, sql in WIRE.items():
            found[name] = _compared(partial(_on_the_wire, wire, sql), walled, plain, READS, rounds)
    return found


def _read(side: Side) -> None:
    with side.request():
        for number in random.sample(side.ids, READS):
            side.rows().get(pk=number)


def _lone_read(side: Side) -> None:
    with side.request():
        side.rows().get(pk=random.choice(side.ids))


def _product_read(side: Side) -> None:
    with side.request():
        for number in random.sample(side.ids, READS):
            side.product_rows().get(pk=number)


def _list(side: Side) -> None:
    with side.request():
        list(side.rows().order_by("-created")[:LIST_ROWS])


def _product_list(side: Side) -> None:
    with side.request():
        list(side.product_rows().order_by("-created")[:LIST_ROWS])


def _insert(side: Side) -> None:
    with side.request():
        for _ in range(SINGLES):
            side.made().save(using=side.alias, force_insert=True)


def _insert_batch(side: Side) -> None:
    with side.request():
        side.model._base_manager.using(side.alias).bulk_create([side.made() for _ in range(BATCH_ROWS)])


# name: (one transaction, how many operations that is)
WORK: dict[str, tuple[Callable[[Side], None], int]] = {
    "read": (_read, READS),
    "lone_read": (_lone_read, 1),
    "list": (_list, 1),
    "product_read": (_product_read, READS),
    "product_list": (_product_list, 1),
    "insert": (_insert, SINGLES),
    "insert_batch": (_insert_batch, BATCH_ROWS),
}
FEWER = {"insert_batch": 8}  # rounds of what takes long
COLUMNS = "SELECT id, tenant_id, created, body FROM {table} WHERE {mine}"
WIRE = {
    "wire_read": f"{COLUMNS} id = %(id)s",
    "wire_list": f"{COLUMNS} true ORDER BY created DESC LIMIT {LIST_ROWS}",
}


def _on_the_wire(wire: psycopg.Connection[Any], sql: str, side: Side) -> None:
    walled = side.alias == "default"
    mine = "" if walled else f"tenant_id = '{side.tenant.pk}' AND"
    query = sql.format(table=side.model._meta.db_table, mine=mine)
    wire.execute(f"BEGIN; SELECT public.enter_tenant('{side.tenant.pk}')" if walled else "BEGIN")
    for number in random.sample(side.ids, READS):
        wire.execute(query, {"id": number}).fetchall()
    wire.execute("COMMIT")


def _compared(
    work: Callable[[Side], None], walled: Side, plain: Side, each: int, rounds: int
) -> dict[str, float]:
    """Work in turns, one side first and then the other, so that noise hits both; microseconds are medians."""
    times: dict[str, list[float]] = {"default": [], PLAIN: []}
    ratios = []
    for side in (walled, plain):
        work(side)
    for _ in range(rounds):
        turn = []
        for side in (walled, plain, plain, walled):
            begin = time.perf_counter_ns()
            work(side)
            turn.append((time.perf_counter_ns() - begin) / each / 1_000)
            times[side.alias].append(turn[-1])
        ratios.append((turn[0] + turn[3]) / (turn[1] + turn[2]))
    return {
        "walled_us": statistics.median(times["default"]),
        "plain_us": statistics.median(times[PLAIN]),
        "ratio": statistics.median(ratios),
    }


def _twins(url: str) -> tuple[Side, Side]:
    tenants = [
        open_tenant(f"bench-{n}", name="Bench", owner_email=f"bench-{n}@miosa.example").tenant
        for n in range(TENANTS)
    ]
    stock = {
        **settings.DATABASES["default"],
        "ENGINE": "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": False,
    }
    connections.settings[PLAIN] = stock
    mine, ids = tenants[TENANTS // 2], {}
    with superuser(url) as fill:
        for model in (Walled, Plain):
            table = model._meta.db_table
            fill.execute(TABLE.format(name=table))
            fill.execute(FILL.format(name=table), [ROWS_EACH, [tenant.pk for tenant in tenants]])
            fill.execute(f"VACUUM ANALYZE {table}")
            rows = fill.execute(f"SELECT id FROM {table} WHERE tenant_id = %s", [mine.pk])
            ids[model] = [number for (number,) in rows]
        fill.execute(WALLS)
    return Side(Walled, "default", mine, ids[Walled]), Side(Plain, PLAIN, mine, ids[Plain])
