"""Every tenant table, by every statement that could read, change, move or forge a row across the wall."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from uuid_utils.compat import uuid7

from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.checksum import checksum
from miosa.doctor.rows import references, tenant_models
from miosa.doctor.statements import FORBIDDEN, FOREIGN_KEY, UNIQUE, Answer, copied, tried
from miosa.pg.catalogue import TENANT_TABLES
from tenants.models import Tenant
from tenants.owned import TenantOwned

SURFACE = "tables"
STRANGER = Tenant(slug="doctor-stranger", isolation=Tenant.Isolation.POOL)  # never stored
UNIQUE_INDEXES = """
    SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = %s::regclass AND (i.indisunique OR i.indisexclusion) AND NOT i.indisprimary ORDER BY 1
"""
# The whole of a row from JSON, except what the database makes of other columns.
INSERT = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s::jsonb)"
)
STORED = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


def attacks(ground: Ground) -> Found:
    """Attack each table as the second tenant, then without any, and see that no row of the victim is another."""
    for model in tenant_models():
        if model in ground.victim.rows:
            yield from Table(ground, model).attacks()
        else:
            reason = ground.victim.unmade.get(model._meta.db_table, "nobody made one")
            yield Missed(SURFACE, ground.table(model), f"no row could be made: {reason}")
    yield from _unknown(ground)


def _unknown(ground: Ground) -> Iterator[Missed]:
    """Tables with a tenant that no model stands for: nobody here knows how to fill them."""
    known = [model._meta.db_table for model in tenant_models()]
    query = f"""SELECT name FROM ({TENANT_TABLES}) t JOIN pg_class c USING (oid)
      WHERE NOT relispartition AND relname <> ALL (%s) AND NOT starts_with(relname, 't_')"""
    for (name,) in tried(query, [known], tenant=ground.attacker.tenant).rows:
        yield Missed(SURFACE, name, "no row could be made: no model stands for this table")


class Table:
    """The attacks on one table. Each method answers with a name, whether it leaked, and what the database said."""

    def __init__(self, ground: Ground, model: type[TenantOwned]) -> None:
        self.ground, self.model, self.name = ground, model, ground.table(model)
        self.victim, self.attacker = ground.victim.tenant, ground.attacker.tenant
        self.id = ground.victim.rows[model].pk
        whole = tried(
            f"SELECT to_jsonb(t)::text FROM {self.name} t WHERE id = %s", [self.id], tenant=self.victim
        )
        self.row: dict[str, Any] = json.loads(whole.rows[0][0]) if whole.rows else {}
        stored = tried(STORED, [self.name], tenant=self.attacker)
        self.columns = stored.rows[0][0] if stored.rows else ""

    def attacks(self) -> Found:
        """Yield every attack; a row that its own tenant cannot see would prove nothing."""
        if not self.row:
            yield Missed(SURFACE, self.name, "its own tenant does not see the row that was made")
            return
        before = checksum(self.ground, self.model)
        for name, statement, leaks in self._statements():
            yield self._judged(name, statement, leaks)
        yield from self._foreign_keys()
        yield from self._unique_values()
        after = checksum(self.ground, self.model)
        yield Attack(SURFACE, self.name, "the victim's rows are what they were", before != after, "checksum")

    def _statements(self) -> Iterator[tuple[str, Answer, Callable[[Answer], bool]]]:
        own, key, table = [self.attacker.pk], [self.id], self.name
        both = [self.attacker.pk, self.id]
        yield "select by id", self._sent(f"SELECT 1 FROM {table} WHERE id = %s", key), _seen
        yield (
            "select everything",
            self._sent(
                f"SELECT 1 FROM (SELECT tenant_id FROM {table}) t WHERE tenant_id IS DISTINCT FROM %s LIMIT 1",
                own,
            ),
            _seen,
        )
        yield (
            "count",
            self._sent(f"SELECT 1 FROM {table} HAVING count(*) FILTER (WHERE tenant_id <> %s) > 0", own),
            _seen,
        )
        yield "select for update", self._sent(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", key), _seen
        # A wall that filters after this condition would let it divide by zero on the victim's row.
        yield (
            "condition before the wall",
            self._sent(f"SELECT 1 FROM {table} WHERE 1 / (CASE WHEN id = %s THEN 0 ELSE 1 END) = 2", key),
            lambda answer: bool(answer.refused),
        )
        yield (
            "planner's statistics",
            self._sent(
                "SELECT 1 FROM pg_stats WHERE format('%%I.%%I', schemaname, tablename)::regclass = %s::regclass",
                [table],
            ),
            _seen,
        )
        yield "copy to", copied(f"COPY (SELECT * FROM {table}) TO STDOUT", tenant=self.attacker), self._shown
        yield "copy table to", copied(f"COPY {table} TO STDOUT", tenant=self.attacker), self._shown
        yield "update", self._sent(f"UPDATE {table} SET tenant_id = tenant_id WHERE id = %s", key), _touched
        yield "take over", self._sent(f"UPDATE {table} SET tenant_id = %s WHERE id = %s", both), _touched
        yield "delete", self._sent(f"DELETE FROM {table} WHERE id = %s", key), _touched
        yield (
            "give away",
            self._sent(
                f"UPDATE {table} SET tenant_id = %s WHERE tenant_id = %s", [self.victim.pk, self.attacker.pk]
            ),
            _touched,
        )
        yield "insert a foreign row", self._inserted({}), _not_walled_off
        yield (
            "on conflict do update",
            self._inserted(
                {"id": str(self.id), "tenant_id": str(self.attacker.pk)},
                f"{INSERT} ON CONFLICT (id) DO UPDATE SET tenant_id = EXCLUDED.tenant_id",
            ),
            _taken,
        )
        yield (
            "on conflict keep",
            self._inserted({"id": str(self.id)}, f"{INSERT} ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id"),
            _taken,
        )
        yield "without any tenant", tried(f"SELECT 1 FROM {table} LIMIT 1", tenant=None), _seen
        yield "insert without any tenant", self._inserted({}, tenant=None), _not_walled_off
        # Asked and not done: it would lock everybody out for as long as it takes to undo it.
        yield "truncate", self._sent("SELECT 1 WHERE has_table_privilege(%s, 'TRUNCATE')", [table]), _seen

    def _foreign_keys(self) -> Found:
        """No row of the attacker's may name one of the victim's, and the refusal may not tell whether it exists."""
        for field in references(self.model):
            if not self.row.get(field.column):
                continue
            own, target = {"tenant_id": str(self.attacker.pk)}, self.row[field.column]
            nobody = self._inserted(own | {field.column: str(uuid7())})
            named = self._inserted(own | {field.column: target})
            if named.refused not in {"", FOREIGN_KEY}:
                yield Missed(
                    SURFACE, self.name, f"{field.name} was refused for another reason: {named.detail}"
                )
            yield self._judged(f"insert naming the victim's {field.name}", named, _taken)
            yield self._judged(f"tell by {field.name}", named, partial(_differs, nobody))
            mine = self.ground.attacker.rows.get(self.model)
            sql = f"UPDATE {self.name} SET {field.column} = %s WHERE id = %s"
            point = self._sent(sql, [target, mine.pk if mine else None], check=True)
            yield self._judged(f"point own {field.name} at the victim's", point, _touched)

    def _unique_values(self) -> Found:
        """The victim's unique values are free for everybody; primary keys are exempt, since nobody can guess a uuid7.

        Tried as a tenant that has no row at all: whatever is taken then, another tenant has taken.
        """
        answer = self._inserted({"tenant_id": str(STRANGER.pk)}, tenant=STRANGER, check=False)
        for (name,) in self._sent(UNIQUE_INDEXES, [self.name]).rows:
            yield self._judged(f"unique: {name}", answer, partial(_collides, name))

    def _inserted(
        self,
        values: dict[str, Any],
        sql: str = INSERT,
        *,
        tenant: Tenant | str | None = "",
        check: bool = True,
    ) -> Answer:
        """Insert the victim's row under a new id, changed by `values`; `tenant` is the attacker where none is given."""
        forged = json.dumps(self.row | {"id": str(uuid7())} | values)
        who = self.attacker if isinstance(tenant, str) else tenant
        return tried(sql.format(table=self.name, columns=self.columns), [forged], tenant=who, check=check)

    def _sent(self, sql: str, values: Any, **how: Any) -> Answer:
        return tried(sql, values, tenant=self.attacker, **how)

    def _shown(self, answer: Answer) -> bool:
        return any(self.ground.told(line) for (line,) in answer.rows)

    def _judged(self, name: str, answer: Answer, leaks: Callable[[Answer], bool]) -> Attack | Missed:
        if answer.hollow:
            return Missed(SURFACE, self.name, f"{name}: {answer.detail}")
        return Attack(SURFACE, self.name, name, leaks(answer), answer.detail)


def _seen(answer: Answer) -> bool:
    return bool(answer.rows)


def _touched(answer: Answer) -> bool:
    return not answer.refused and answer.count > 0


def _taken(answer: Answer) -> bool:
    return not answer.refused


def _not_walled_off(answer: Answer) -> bool:
    """Policies speak before any constraint does: another refusal would mean that they have let it pass."""
    return answer.refused != FORBIDDEN


def _differs(nobody: Answer, answer: Answer) -> bool:
    return answer.refused != nobody.refused


def _collides(name: str, answer: Answer) -> bool:
    return answer.refused == UNIQUE and f'"{name}"' in answer.reason
