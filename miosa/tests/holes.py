"""Walls broken on purpose and mended again, for the tests of who has to find the holes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"
WALL = f"CREATE POLICY tenant_isolation ON {{table}} USING (tenant_id = (SELECT {TENANT})) WITH CHECK (tenant_id = (SELECT {TENANT}))"
LESSONS, STORE = "public.agents_lesson", "public.tenants_idempotentrequest"
ANEW = f"DROP POLICY tenant_isolation ON {LESSONS}; {WALL.format(table=LESSONS)}"
STATS, EXECUTIONS = "stats.agent_performance", "public.agents_execution"


@contextmanager
def broken(*, breaking: str, mending: str) -> Iterator[None]:
    """Break a wall as the owner of the tables, and mend it whatever happens."""
    owner = connections.create_connection("owner")
    try:
        with owner.cursor() as cursor:
            cursor.execute(breaking)
            try:
                yield
            finally:
                cursor.execute(mending)
    finally:
        owner.close()


# What is broken, how it is mended, the surfaces that must leak, and words that stand among their leaks.
HOLES = {
    "policy dropped": (
        f"DROP POLICY tenant_isolation ON {LESSONS}",
        WALL.format(table=LESSONS),
        {"catalogue": "agents_lesson two policies and no third"},
    ),
    "policy that lets everything pass": (
        f"ALTER POLICY tenant_isolation ON {LESSONS} USING (true) WITH CHECK (true)",
        ANEW,
        {"tables": "select by id", "catalogue": "InitPlan"},
    ),
    "policy that checks no new row": (
        f"ALTER POLICY tenant_isolation ON {LESSONS} WITH CHECK (true)",
        ANEW,
        {"tables": "insert a foreign row", "catalogue": "InitPlan"},
    ),
    "a third policy": (
        f"CREATE POLICY support ON {LESSONS} FOR SELECT USING (true)",
        f"DROP POLICY support ON {LESSONS}",
        {"tables": "count", "catalogue": "no third"},
    ),
    "row security disabled": (
        f"ALTER TABLE {LESSONS} DISABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {LESSONS} ENABLE ROW LEVEL SECURITY",
        {"tables": "select everything", "catalogue": "row security is enabled and forced"},
    ),
    "row security not forced": (
        f"ALTER TABLE {LESSONS} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {LESSONS} FORCE ROW LEVEL SECURITY",
        {"catalogue": "agents_lesson row security is enabled and forced"},
    ),
    "bare policy": (
        f"ALTER POLICY tenant_isolation ON {LESSONS} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})",
        ANEW,
        {"catalogue": "agents_lesson the tenant's policy in its InitPlan form"},
    ),
    "store of answers that forgets the tenant": (
        f"ALTER POLICY tenant_isolation ON {STORE} USING (true) WITH CHECK (true)",
        f"DROP POLICY tenant_isolation ON {STORE}; {WALL.format(table=STORE)}",
        {"tables": "tenants_idempotentrequest"},
    ),
    "reader without its pin": (
        f"DROP POLICY reader ON {EXECUTIONS}",
        (
            f"CREATE POLICY reader ON {EXECUTIONS} AS RESTRICTIVE FOR SELECT TO miosa_reader USING (tenant_id ="
            " (SELECT tenant FROM public.reading WHERE xact = pg_current_xact_id_if_assigned()))"
        ),
        {
            "questions": "another tenant's setting",
            "catalogue": "agents_execution what the reader reads is pinned",
        },
    ),
    "reader of one column more": (
        f"GRANT SELECT (requested_by) ON {EXECUTIONS} TO miosa_reader",
        f"REVOKE SELECT (requested_by) ON {EXECUTIONS} FROM miosa_reader",
        {"questions": "agents_execution what the reader reads"},
    ),
    "reader that writes": (
        f"GRANT UPDATE (request) ON {EXECUTIONS} TO miosa_reader",
        f"REVOKE UPDATE (request) ON {EXECUTIONS} FROM miosa_reader",
        {"catalogue": "agents_execution the reader only reads"},
    ),
    "view with its owner's eyes": (
        (
            "CREATE VIEW public.every_lesson AS SELECT * FROM public.agents_lesson;"
            "GRANT SELECT ON public.every_lesson TO miosa_app"
        ),
        "DROP VIEW public.every_lesson",
        {"catalogue": "every_lesson views lend no eyes"},
    ),
    "view with the platform's eyes": (
        (
            "SET ROLE miosa_platform; CREATE VIEW stats.every_lesson AS SELECT * FROM public.agents_lesson;"
            "GRANT SELECT ON stats.every_lesson TO miosa_app; RESET ROLE"
        ),
        "SET ROLE miosa_platform; DROP VIEW stats.every_lesson; RESET ROLE",
        {"views": "stats.every_lesson select", "catalogue": "every_lesson views lend no eyes"},
    ),
    "readable materialised view": (
        f"SET ROLE miosa_platform; GRANT SELECT ON {STATS}_of_all TO miosa_app; RESET ROLE",
        f"SET ROLE miosa_platform; REVOKE SELECT ON {STATS}_of_all FROM miosa_app; RESET ROLE",
        {"views": f"{STATS}_of_all select others", "catalogue": "materialised views are not readable"},
    ),
    "function that returns everybody's rows": (
        (
            "CREATE FUNCTION public.every_tenant() RETURNS SETOF public.tenants_tenant LANGUAGE sql SECURITY DEFINER"
            " SET search_path = pg_catalog AS 'SELECT * FROM public.tenants_tenant';"
            "REVOKE ALL ON FUNCTION public.every_tenant() FROM PUBLIC;"
            "GRANT EXECUTE ON FUNCTION public.every_tenant() TO miosa_app"
        ),
        "DROP FUNCTION public.every_tenant()",
        {"functions": "every_tenant() runs with its owner's rights", "catalogue": "every_tenant() functions"},
    ),
    "look-up that takes a pattern": (
        (
            "CREATE OR REPLACE FUNCTION public.tenant_by_slug(wanted text) RETURNS SETOF public.tenants_tenant"
            " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog"
            " AS 'SELECT t.* FROM public.tenants_tenant t WHERE t.slug LIKE wanted'"
        ),
        (
            "CREATE OR REPLACE FUNCTION public.tenant_by_slug(wanted text) RETURNS SETOF public.tenants_tenant"
            " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog"
            " AS 'SELECT t.* FROM public.tenants_tenant t WHERE t.slug = wanted'"
        ),
        {"functions": "call with '%'"},
    ),
    "value that is unique everywhere": (
        "CREATE UNIQUE INDEX cause_everywhere ON public.agents_lesson (cause) WHERE cause <> ''",
        "DROP INDEX public.cause_everywhere",
        {"tables": "unique: cause_everywhere", "catalogue": "cause_everywhere uniqueness ends at the tenant"},
    ),
    "foreign key of one column": (
        (
            f"ALTER TABLE {LESSONS} DROP CONSTRAINT agents_lesson_step_of_tenant, ADD CONSTRAINT agents_lesson_step"
            " FOREIGN KEY (step_id) REFERENCES public.agents_step (id) DEFERRABLE INITIALLY DEFERRED"
        ),
        (
            f"ALTER TABLE {LESSONS} DROP CONSTRAINT agents_lesson_step, ADD CONSTRAINT agents_lesson_step_of_tenant"
            " FOREIGN KEY (tenant_id, step_id) REFERENCES public.agents_step (tenant_id, id) ON DELETE CASCADE"
            " DEFERRABLE INITIALLY DEFERRED"
        ),
        {"tables": "insert naming the victim's step", "catalogue": "foreign keys hold the tenant"},
    ),
    "partition without a wall": (
        (
            "CREATE TABLE public.parted (tenant_id uuid, at int) PARTITION BY RANGE (at);"
            "ALTER TABLE public.parted ENABLE ROW LEVEL SECURITY; ALTER TABLE public.parted FORCE ROW LEVEL SECURITY;"
            "CREATE TABLE public.parted_1 PARTITION OF public.parted FOR VALUES FROM (1) TO (9);"
            "INSERT INTO public.parted_1 VALUES (gen_random_uuid(), 1)"
        ),
        "DROP TABLE public.parted",
        {"partitions": "parted_1 select everything", "catalogue": "parted_1 partitions are walled"},
    ),
    "table that everybody may read": (
        "CREATE TABLE public.notes (id int, note text); GRANT SELECT ON public.notes TO PUBLIC",
        "DROP TABLE public.notes",
        {"registry": "notes select", "catalogue": "notes nothing is granted to everybody"},
    ),
    "right to truncate": (
        f"GRANT TRUNCATE ON {LESSONS} TO miosa_app",
        f"REVOKE TRUNCATE ON {LESSONS} FROM miosa_app",
        {"tables": "truncate", "catalogue": "rights to rows only"},
    ),
    "schema in which the application creates": (
        "GRANT CREATE ON SCHEMA public TO miosa_app",
        "REVOKE CREATE ON SCHEMA public FROM miosa_app",
        {"roles": "create table", "catalogue": "public the application creates nothing"},
    ),
    "registry without a wall": (
        "ALTER TABLE public.tenants_tenant DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE public.tenants_tenant ENABLE ROW LEVEL SECURITY",
        {"registry": "tenants_tenant select by id"},
    ),
}
