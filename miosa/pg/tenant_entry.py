"""How a transaction enters a tenant: the database itself says where the tenant's rows lie at this very moment.

A process may hold a tenant's registry row for minutes, and the tenant may move between the shared tables and a schema
of its own meanwhile. So no process decides the search path from memory: `enter_tenant` reads the registry inside the
transaction, after it has taken a shared lock that the move takes exclusively. Who comes while the tenant moves gets
`object_in_use` at once (an OperationalError in Python, 503 with Retry-After over HTTP) instead of waiting.
"""

from django.db.migrations.operations.special import RunSQL

LOCKS = 0x4D494F53  # "MIOS": the class of advisory locks whose second number is a tenant's hash

# Every name is qualified: a SET search_path clause of the function itself would undo what it sets for its caller.
CREATE = f"""
CREATE FUNCTION public.enter_tenant(wanted uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE home text;
BEGIN
  IF NOT pg_catalog.pg_try_advisory_xact_lock_shared({LOCKS}, pg_catalog.hashtext(wanted::text)) THEN
    RAISE EXCEPTION 'the tenant is being moved' USING ERRCODE = 'object_in_use';
  END IF;
  SELECT CASE isolation WHEN 'silo' THEN pg_catalog.quote_ident(schema_name) || ', public' ELSE 'public' END
    INTO home FROM public.tenants_tenant WHERE id = wanted;
  PERFORM pg_catalog.set_config('search_path', coalesce(home, 'public'), true),
          pg_catalog.set_config('app.tenant_id', wanted::text, true);
END $$;
REVOKE ALL ON FUNCTION public.enter_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.enter_tenant(uuid) TO miosa_app;
"""

DROP = "DROP FUNCTION public.enter_tenant(uuid)"


def create_tenant_entry() -> RunSQL:
    """Return the reversible operation that makes `enter_tenant`; the registry table is there already."""
    return RunSQL(CREATE, DROP)
