"""PostgreSQL backend: django-tenants' schemas and the Row Level Security tenant travel in one place.

`TENANT_SCOPE="transaction"` (the default) opens every transaction with search_path and
`app.tenant_id` set LOCAL, in the round trip that BEGIN costs anyway. COMMIT and ROLLBACK undo both, so
no reused connection, pooled by us or by PgBouncer, carries an earlier tenant. Without a tenant the
setting is empty and the policies show no row. `TENANT_SCOPE="connection"` is for migrations and
shells, whose statements may not run inside a transaction. `TENANT_FROM` names the alias whose tenant
this alias follows (a replica follows "default").
"""

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import NO_DB_ALIAS
from django_tenants.postgresql_backend import base as tenants
from django_tenants.postgresql_backend.base import quote_schema_name  # type: ignore[attr-defined]

Scope = tuple[str, str]


class DatabaseWrapper(tenants.DatabaseWrapper):
    """django-tenants' wrapper with the tenant bound to the transaction instead of the connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.by_transaction = self.settings_dict.get("TENANT_SCOPE", "transaction") == "transaction"
        if self.by_transaction:
            self.execute_wrappers.append(self._own_transaction)

    @property
    def scope(self) -> Scope:
        """(search_path, tenant id) that the next statement must run under."""
        source: Any = (
            connections[self.settings_dict["TENANT_FROM"]] if "TENANT_FROM" in self.settings_dict else self
        )
        path = ",".join(map(quote_schema_name, source._get_cursor_search_paths()))  # noqa: SLF001  our own method, on a twin
        return path, str(getattr(source.tenant, "pk", None) or "")  # the public FakeTenant has no pk

    def _get_cursor_search_paths(self) -> list[str]:
        if getattr(self.tenant, "isolation", None) == "pool":
            return ["public"]
        return list(super()._get_cursor_search_paths())  # type: ignore[no-untyped-call]

    def _set_autocommit(self, autocommit: bool) -> None:
        if autocommit or not self.by_transaction:
            super()._set_autocommit(autocommit)
            return
        path, tenant = scope = self.scope
        literal = "'" + tenant.replace("'", "''") + "'"
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(
                f"BEGIN; SET LOCAL search_path = {path}; SET LOCAL app.tenant_id = {literal}",
                prepare=False,
            )
        self.search_path_set_schemas = scope

    def _own_transaction(self, execute: Callable, sql: str, params: Any, many: bool, context: Any) -> Any:
        # "No tenant" is no exemption: a shared server connection may still hold someone else's.
        # CREATE DATABASE is: it must run outside a transaction, on the alias without a database.
        if self.in_atomic_block or self.alias == NO_DB_ALIAS:
            return execute(sql, params, many, context)
        with transaction.atomic(using=self.alias):
            return execute(sql, params, many, context)

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Follow a change of tenant inside an open transaction (or connection)."""
        if self._setting_search_path or (self.by_transaction and not self.in_atomic_block):
            return
        scope = self.scope
        if self.search_path_set_schemas == scope:
            return
        self._setting_search_path, own = True, self.connection.cursor() if cursor is None else None
        local = "true" if self.by_transaction else "false"
        try:
            (own or cursor).execute(
                f"SELECT set_config('search_path', %s, {local}), set_config('app.tenant_id', %s, {local})",
                scope,
            )
            self.search_path_set_schemas = scope
        except Exception:
            self.search_path_set_schemas = None
            if not self.needs_rollback and self.connection.info.transaction_status.name != "INERROR":
                raise
        finally:
            self._setting_search_path = False
            if own:
                own.close()
