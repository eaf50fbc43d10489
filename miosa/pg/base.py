"""PostgreSQL backend: django-tenants' schemas and the Row Level Security tenant travel in one place.

`TENANT_SCOPE="transaction"` (the default) opens every transaction inside its tenant: search_path and
`app.tenant_id` are set LOCAL, in the round trip that BEGIN costs anyway, by `enter_tenant`, which reads from the
registry where the tenant's rows lie. COMMIT and ROLLBACK undo both, so no reused connection, pooled by us or by
PgBouncer, carries an earlier tenant. A lone statement is one message with its entry and its commit. Without a tenant the setting is empty and the policies show no row. `TENANT_SCOPE="connection"` is for migrations and
shells, whose statements may not run inside a transaction. `TENANT_FROM` names the alias whose tenant
this alias follows (a replica follows "default"). `READ_ONLY` makes each transaction one snapshot that refuses writes.
"""

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import NO_DB_ALIAS
from django_tenants.postgresql_backend import base as tenants
from django_tenants.postgresql_backend.base import quote_schema_name  # type: ignore[attr-defined]
from psycopg import ClientCursor, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from miosa.pg.pool import Pool

Scope = tuple[str, str]
BEGIN = "BEGIN"


class DatabaseWrapper(tenants.DatabaseWrapper):
    """django-tenants' wrapper with the tenant bound to the transaction instead of the connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.by_transaction = self.settings_dict.get("TENANT_SCOPE", "transaction") == "transaction"
        if self.by_transaction:
            self.execute_wrappers.append(self._own_transaction)
        self.begin = (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            if self.settings_dict.get("READ_ONLY")
            else BEGIN
        )

    @property
    def pool(self) -> Pool | None:
        """The connections this process keeps for this alias, None without a pool."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools = self._connection_pools
        if self.alias not in pools:
            connect = {**self.get_connection_params(), "autocommit": True}
            # setdefault: of two racing threads' pools, none of them opened yet, the first one stays.
            pools.setdefault(
                self.alias,
                Pool(kwargs=connect, open=False, configure=self._configure_connection, **options),
            )
        pool: Pool = pools[self.alias]
        return pool

    @property
    def scope(self) -> Scope:
        """(search_path, tenant id) that the next statement must run under; no path where the database decides it."""
        source: Any = (
            connections[self.settings_dict["TENANT_FROM"]] if "TENANT_FROM" in self.settings_dict else self
        )
        tenant: str = source.tenant_key
        if tenant and self.by_transaction:
            return "", tenant
        path = ",".join(map(quote_schema_name, source._get_cursor_search_paths()))  # noqa: SLF001  our own method, on a twin
        return path, tenant

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Work for this tenant from the next statement on."""
        super().set_tenant(tenant, include_public)  # type: ignore[no-untyped-call]
        self.tenant_key = str(getattr(tenant, "pk", None) or "")  # the public FakeTenant has no pk

    def _get_cursor_search_paths(self) -> list[str]:
        if getattr(self.tenant, "isolation", None) == "pool":
            return ["public"]
        return list(super()._get_cursor_search_paths())  # type: ignore[no-untyped-call]

    def _set_autocommit(self, autocommit: bool) -> None:
        if autocommit or not self.by_transaction:
            super()._set_autocommit(autocommit)
            return
        scope = self.scope
        try:
            with self.wrap_database_errors:
                self._send(f"{self.begin}; {_entry(scope)}")
        except Exception:
            self._leave_unbegun()
            raise
        self.search_path_set_schemas = scope

    def _send(self, statements: str) -> None:
        """Run statements of our own by libpq itself: a cursor would cost each transaction more than they do."""
        result = self.connection.pgconn.exec_(statements.encode())
        if result.status != ExecStatus.TUPLES_OK:
            error = error_from_result(result, self.connection.info.encoding)
            raise OperationalError(str(error)) if self.connection.closed else error

    def _leave_unbegun(self) -> None:
        """Undo a BEGIN that failed: a transaction that was begun and then not let in, or a connection that is dead."""
        with self.wrap_database_errors:
            if self.connection.info.transaction_status.name == "INERROR":
                self.connection.rollback()
        if self.connection.closed:
            self.close()  # type: ignore[no-untyped-call]  # nothing was done on it: the next statement connects anew

    def _own_transaction(self, execute: Callable, sql: str, params: Any, many: bool, context: Any) -> Any:
        # "No tenant" is no exemption: a shared server connection may still hold someone else's.
        # CREATE DATABASE is: it must run outside a transaction, on the alias without a database.
        if self.in_atomic_block or self.alias == NO_DB_ALIAS:
            return execute(sql, params, many, context)
        cursor = context["cursor"].cursor
        if many or self.begin != BEGIN or not isinstance(sql, str) or not isinstance(cursor, ClientCursor):
            with transaction.atomic(using=self.alias):
                return execute(sql, params, many, context)
        # What one message holds is one transaction: the entry, the statement and its commit are one round trip.
        entry = _entry(self.scope)
        try:
            result = execute(
                f"{entry if params is None else entry.replace('%', '%%')}; {sql}", params, many, context
            )
            cursor.nextset()  # what entering answered is nobody's
        except Exception:
            if self.connection is not None and self.connection.closed:
                self.close()  # type: ignore[no-untyped-call]  # the next statement connects anew
            raise
        return result

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Follow a change of tenant inside an open transaction (or connection)."""
        if self._setting_search_path or (self.by_transaction and not self.in_atomic_block):
            return
        scope = self.scope
        if self.search_path_set_schemas == scope or self._is_broken():
            return
        self._setting_search_path, own = True, self.connection.cursor() if cursor is None else None
        try:
            (own or cursor).execute(_entry(scope, local=self.by_transaction))
            self.search_path_set_schemas = scope
        except Exception:
            self.search_path_set_schemas = None
            raise
        finally:
            self._setting_search_path = False
            if own:
                own.close()

    def _is_broken(self) -> bool:
        """Say whether the transaction has failed: its next statement tells."""
        return bool(
            self.needs_rollback
            or (self.connection is not None and self.connection.info.transaction_status.name == "INERROR")
        )


def _entry(scope: Scope, *, local: bool = True) -> str:
    """Return the statement that puts a transaction (or, for the owner, a connection) under `scope`."""
    path, tenant = (value.replace("'", "''") for value in scope)
    if local and tenant:
        return f"SELECT public.enter_tenant('{tenant}')"
    return f"SELECT set_config('search_path', '{path}', {local}), set_config('app.tenant_id', '{tenant}', {local})"
