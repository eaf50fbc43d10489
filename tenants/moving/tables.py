"""What moves: the tables of the apps that a tenant may have for itself, each after those it refers to."""

from typing import Any

from django.apps import apps
from django.conf import settings

from tenants.owned import TenantOwned

Table = type[TenantOwned]


def tables() -> list[Table]:
    """Return the models whose rows move, parents before their children."""
    waiting: list[Any] = [
        model
        for label in settings.TENANT_APPS
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.managed and issubclass(model, TenantOwned)
    ]
    ordered: list[Table] = []
    while waiting:
        ready = [model for model in waiting if not _parents(model) & (set(waiting) - {model})]
        if not ready:
            raise RuntimeError(f"These tables refer to each other in a circle: {waiting}")
        ordered += ready
        waiting = [model for model in waiting if model not in ready]
    return ordered


def _parents(model: Any) -> set[Any]:
    return {field.related_model for field in model._meta.local_fields if field.is_relation}
