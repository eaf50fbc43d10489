"""A row for every tenant table, made from the fields of its model: whatever is added later gets one too."""

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.utils import timezone
from django_tenants.utils import tenant_context
from pgvector.django import HalfVectorField, VectorField
from uuid_utils.compat import uuid7

from miosa.doctor.attack import Subject
from miosa.doctor.particular import MAKERS, VALUES
from tenants.models import User
from tenants.owned import TenantOwned

DOCUMENTATION_ADDRESS = "192.0.2.1"  # RFC 5737


class Unfillable(Exception):  # noqa: N818  reads as what it says
    """No value is known for a field of this kind: name one in miosa.doctor.particular."""


def tenant_models() -> list[type[TenantOwned]]:
    """Return every model whose rows belong to a tenant, those that others refer to first."""
    waiting = [one for one in apps.get_models() if issubclass(one, TenantOwned) and one._meta.managed]
    ordered: list[type[TenantOwned]] = []
    while waiting:
        ready = [one for one in waiting if not parents(one) & set(waiting) - {one}] or waiting[:1]
        ordered += sorted(ready, key=lambda one: one._meta.label)
        waiting = [one for one in waiting if one not in ready]
    return ordered


def parents(model: type[TenantOwned]) -> set[type[TenantOwned]]:
    """Return the tenant models that rows of `model` refer to."""
    return {field.related_model for field in references(model)}


def references(model: type[TenantOwned]) -> list[Any]:
    """Return the foreign keys of a model that lead to rows of a tenant."""
    return [
        field
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantOwned)
    ]


def fill(subject: Subject) -> None:
    """Make a row in every tenant table that has none of the subject's yet; where that cannot be done, say why in `subject.unmade`."""
    with tenant_context(subject.tenant):
        for model in tenant_models():
            if model in subject.rows:
                continue
            try:
                with transaction.atomic():
                    subject.rows[model] = _made(model, subject)
            except (DatabaseError, ValidationError, Unfillable, LookupError, TypeError, ValueError) as error:
                reason = str(error).strip().splitlines() or [type(error).__name__]
                subject.unmade[model._meta.db_table] = reason[0]


def _made(model: type[TenantOwned], subject: Subject) -> Any:
    if maker := MAKERS.get(model._meta.label_lower):
        return maker(subject)
    row = model(**_values(model, subject))
    row.save(force_insert=True)
    return row


def _values(model: type[TenantOwned], subject: Subject) -> dict[str, Any]:
    particular = VALUES.get(model._meta.label_lower, {})
    values: dict[str, Any] = {}
    for field in model._meta.local_fields:
        if field.name in particular:
            given = particular[field.name]
            values[field.name] = given(subject) if callable(given) else given
        elif field.name not in {"id", "tenant"} and not getattr(field, "generated", False):
            values |= _filled(field, subject)
    return values


def _filled(field: Any, subject: Subject) -> dict[str, Any]:
    """Return the field with a value that is the subject's own, or nothing where its default does."""
    if isinstance(field, models.ForeignKey):
        return _reference(field, subject)
    if isinstance(field, models.DateTimeField | models.BooleanField) and (field.null or field.has_default()):
        return {}
    if isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add):
        return {}
    if field.choices:
        return {field.name: field.default if field.has_default() else field.choices[0][0]}
    return {field.name: _value(field, subject)}


def _value(field: Any, subject: Subject) -> Any:
    make = next((make for kinds, make in BY_KIND if isinstance(field, kinds)), None)
    if make is None:
        raise Unfillable(f"the doctor knows no value for {field.name} ({type(field).__name__})")
    return make(field, subject)


def _reference(field: Any, subject: Subject) -> dict[str, Any]:
    target = field.related_model
    if target is User:
        return {field.name: subject.person}
    if target in subject.rows:
        return {field.name: subject.rows[target]}
    if field.null:
        return {}
    raise Unfillable(f"{field.name} refers to {target._meta.label}, of which there is no row")


def _text(field: Any, subject: Subject) -> str:
    return subject.canary[: field.max_length or None]


def _integer(field: Any, subject: Subject) -> int:
    small = isinstance(field, models.SmallIntegerField | models.PositiveSmallIntegerField)
    return subject.number % 30_000 + 1 if small else subject.number


def _uuid(field: Any, subject: Subject) -> Any:
    """A column such as execution_id names a row without a constraint: the subject's own, where there is one."""
    name = field.name.removesuffix("_id").replace("_", "")
    named = (row.pk for model, row in subject.rows.items() if model._meta.model_name == name)
    return next(named, None) or uuid7()


def _vector(field: Any, _subject: Subject) -> list[float]:
    drawn = [secrets.randbelow(2001) / 1000 - 1 for _ in range(field.dimensions)]
    length = sum(number * number for number in drawn) ** 0.5
    return [number / length for number in drawn]


def _month(_field: Any, _subject: Subject) -> Any:
    return datetime.now(UTC).date().replace(day=1)


Make = Callable[[Any, Subject], Any]
# The first row that fits decides; particular kinds stand above their parents.
BY_KIND: Iterable[tuple[Any, Make]] = (
    (models.EmailField, lambda _field, subject: f"{subject.canary}@doctor.example"),
    (models.URLField, lambda _field, subject: f"https://{subject.canary}.example/"),
    (models.CharField | models.TextField, _text),
    (models.GenericIPAddressField, lambda _field, _subject: DOCUMENTATION_ADDRESS),
    (models.UUIDField, _uuid),
    (models.IntegerField, _integer),
    (models.FloatField, lambda _field, _subject: 0.5),
    (models.DecimalField, lambda _field, _subject: 5),
    (models.BooleanField, lambda _field, _subject: True),
    (models.JSONField, lambda _field, subject: {"canary": subject.canary, "number": subject.number}),
    (models.BinaryField, lambda field, _subject: secrets.token_bytes(field.max_length or 48)),
    (ArrayField, lambda field, subject: [_value(field.base_field, subject)]),
    (HalfVectorField | VectorField, _vector),
    (models.DateTimeField, lambda _field, _subject: timezone.now()),
    (models.DateField, _month),
)
