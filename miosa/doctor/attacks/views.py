"""Views and materialised views: they may lend their owner's eyes to who reads them."""

from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.statements import tried
from miosa.pg.catalogue.logins import OURS

SURFACE = "views"
VIEWS = f"""
    SELECT c.oid::regclass::text, c.relkind = 'm',
      EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    FROM pg_class c WHERE c.relkind IN ('v', 'm') AND {OURS} ORDER BY 1
"""


def attacks(ground: Ground) -> Found:
    """Read every view as the second tenant, as nobody, and by a condition that would speak before the wall."""
    found = tried(VIEWS, tenant=ground.attacker.tenant).rows
    shown = [name for name, kept, has_tenant in found if has_tenant and not kept]
    if not any(tried(f"SELECT 1 FROM {name} LIMIT 1", tenant=ground.victim.tenant).rows for name in shown):
        yield Missed(SURFACE, "views", "none of them shows the victim its own rows")
    for name, kept, has_tenant in found:
        yield from _read(ground, name, kept=kept, has_tenant=has_tenant)


def _read(ground: Ground, name: str, *, kept: bool, has_tenant: bool) -> Found:
    own, victim = ground.attacker.tenant, ground.victim.tenant
    for who, tenant in (("", own), (" without any tenant", None)):
        answer = tried(f"SELECT v::text FROM {name} v LIMIT 50", tenant=tenant)
        told = any(ground.told(text) for (text,) in answer.rows)
        yield Attack(SURFACE, name, f"select{who}", told or (kept and not answer.refused), answer.detail)
        if has_tenant:
            sql = f"SELECT 1 FROM {name} WHERE tenant_id IS DISTINCT FROM %s LIMIT 1"
            answer = tried(sql, [own.pk if tenant else None], tenant=tenant)
            yield Attack(SURFACE, name, f"select others{who}", bool(answer.rows), answer.detail)
    if has_tenant:
        sql = f"SELECT 1 FROM {name} WHERE 1 / (CASE WHEN tenant_id = %s THEN 0 ELSE 1 END) = 2"
        answer = tried(sql, [victim.pk], tenant=own)
        leaked = bool(answer.refused) and not (kept and answer.refused == "42501")
        yield Attack(SURFACE, name, "condition before the wall", leaked, answer.detail)
