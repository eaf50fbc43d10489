"""Every change made in the admin is told to a recorder, with what was there before and after.

The recorder is a function named by `settings.ADMIN_RECORDER`: these pages lie below the app that keeps the log.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.db import router, transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils.module_loading import import_string
from unfold.admin import ModelAdmin

Facts = Mapping[str, Any]
Recorder = Callable[[Model, str, Facts | None, Facts | None, str], None]
ADDED, CHANGED, DELETED = "added", "changed", "deleted"


class Recorded(ModelAdmin):
    """Its rows' changes, and those of its inlines and actions, are recorded in the transaction that makes them."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Keep what the row holds before a form is laid over it."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and request.method == "POST":
            _kept(request).setdefault(_name(row), facts_of(row))
        return row

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Keep the same of rows that are edited in the list."""
        if change and _name(obj) not in _kept(request) and (stored := _stored(obj)):
            _kept(request)[_name(obj)] = facts_of(stored)
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        """Record each row of an inline by itself."""
        before = {_name(row): facts_of(row) for row in map(_stored, _rows(formset.initial_forms)) if row}
        doomed = [(row, before.get(_name(row))) for row in _rows(formset.deleted_forms) if row.pk]
        super().save_formset(request, form, formset, change)
        for row in formset.new_objects:
            _tell(row, ADDED, None, _facts_now(row))
        for row, _names in formset.changed_objects:
            _tell(row, CHANGED, before.get(_name(row)), _facts_now(row))
        for row, facts in doomed:  # by now Django has taken their keys away
            _tell(row, DELETED, facts, None)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _tell(obj, ADDED, None, _facts_now(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Also what an action of one row tells; its word (as in `Revoked.`) names what was done.

        An action that leaves its change to a function of the tenant's own is told by the word alone: the function
        records both sides, and what it wrote is not to be seen from here before it is committed.
        """
        word = message if isinstance(message, str) else ""
        before = _kept(request).pop(_name(obj), None)
        after = None if word and before is None else _facts_after(obj, before or {})
        _tell(obj, CHANGED, before, after, word=word)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Called by Django before the rows go."""
        for row in queryset:
            _tell(row, DELETED, facts_of(row), None)
        return super().log_deletions(request, queryset)

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        """An action upon many rows is one transaction: it is done and recorded, or neither."""
        with transaction.atomic(using=router.db_for_write(self.model)):
            return super().response_action(request, queryset, *args, **kwargs)


def facts_of(row: Model) -> dict[str, Any]:
    """Return the row's columns and the keys of what it is linked with, by field name.

    Of columns that the model names in `KEPT_FROM_LOGS` only length and hash: what is deleted shall be gone.
    """
    columns = {field.name: field.value_from_object(row) for field in row._meta.concrete_fields}
    for name in getattr(row, "KEPT_FROM_LOGS", ()):
        digest = hashlib.sha256(str(columns[name]).encode()).hexdigest()
        columns[name] = f"{len(str(columns[name]))} characters, SHA-256 {digest}"
    links = {
        field.name: sorted(str(key) for key in getattr(row, field.name).values_list("pk", flat=True))
        for field in row._meta.many_to_many
    }
    return columns | links


def _facts_now(row: Model) -> dict[str, Any]:
    return facts_of(_stored(row) or row)


def _facts_after(row: Model, before: Facts) -> dict[str, Any]:
    """Return what is stored, and what the form has set where that is not committed yet."""
    stored = _facts_now(row)
    return {
        name: said if name in before and stored[name] == before[name] else stored[name]
        for name, said in facts_of(row).items()
    }


def _stored(row: Model) -> Model | None:
    return type(row)._base_manager.filter(pk=row.pk).first() if row.pk else None


def _rows(forms: Any) -> list[Model]:
    return [form.instance for form in forms]


def _name(row: Model) -> tuple[str, str]:
    return row._meta.label, str(row.pk)


def _kept(request: HttpRequest) -> dict[tuple[str, str], Facts]:
    kept: dict[tuple[str, str], Facts] | None = getattr(request, "recorded_before", None)
    if kept is None:
        kept = {}
        request.recorded_before = kept  # type: ignore[attr-defined]
    return kept


def _tell(row: Model, what: str, before: Facts | None, after: Facts | None, *, word: str = "") -> None:
    _recorder(settings.ADMIN_RECORDER)(row, what, before, after, word)


@cache
def _recorder(name: str) -> Recorder:
    return cast("Recorder", import_string(name))
