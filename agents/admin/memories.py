"""Memories of all tenants: read, edited and forgotten, each as its tenant itself would."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from agents import memory
from agents.models import Memory
from miosa.pages.cells import badge, beginning, block, link, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import TenantRows, as_tenant
from tenants.audit import current_actor

EDITED = ("text", "importance", "expires")


class MemoryForm(forms.ModelForm):
    """What may be changed; where the words come from is no part of it."""

    importance = forms.FloatField(min_value=0, max_value=1, help_text="0 to 1; 0.5 counts as it is")
    expires = forms.SplitDateTimeField(
        required=False, widget=admin.widgets.AdminSplitDateTime(), help_text="empty: it stays"
    )

    class Meta:
        model = Memory
        fields = EDITED


@admin.register(Memory)
class MemoryAdmin(Columns, TenantRows):
    """What is remembered, who it comes from, and how far it is found."""

    form = MemoryForm
    list_display = ("memory", "tenant", "kind_", "origin_", "scope", "importance_", "confidence_", "created_")
    list_filter = ("tenant", "kind", "origin", "scope", "created")
    ordering = ("-created",)
    search_fields = ("request", "text", "conversation")
    search_help_text = "Search in requests, texts and conversations"
    fields = (
        ("tenant", "kind_", "origin_"),
        ("step_", "remembered_by", "source"),
        ("scope", "conversation", "confidence_"),
        "request_",
        "text",
        ("importance", "expires"),
        "models_",
        ("created_", "edited_", "recalled_"),
    )
    readonly_fields = (
        *("tenant", "kind_", "origin_", "step_", "remembered_by", "source", "scope", "conversation"),
        *("confidence_", "request_", "models_", "created_", "edited_", "recalled_"),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a person remembers through the API, in its own name

    def save_model(self, request: HttpRequest, obj: Memory, form: Any, change: Any) -> None:
        """Edit as the tenant, so that other words get another vector."""
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        if changed:
            with as_tenant(obj.tenant):
                memory.edit(obj.pk, by=current_actor(), **changed)

    def delete_model(self, request: HttpRequest, obj: Memory) -> None:
        with as_tenant(obj.tenant):
            memory.forget(obj.pk, by=current_actor())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Memory]) -> None:
        for row in queryset.select_related("tenant"):
            self.delete_model(request, row)

    @display(description="Memory", ordering="text")
    def memory(self, row: Memory) -> str:
        return beginning(row.meant)

    @display(description="Importance", ordering="importance")
    def importance_(self, row: Memory) -> str:
        return f"{row.importance:.2f}"

    @display(description="Kind", ordering="kind")
    def kind_(self, row: Memory) -> SafeString:
        return badge("", text=row.kind, hint=row.get_kind_display())

    @display(description="Words of", ordering="origin")
    def origin_(self, row: Memory) -> SafeString:
        return badge("", text=row.origin, hint=row.get_origin_display())

    @display(description="Step")
    def step_(self, row: Memory) -> SafeString | str:
        return link("agents_step", row.step.purpose, to=row.step_id) if row.step else "none"

    @display(description="Request")
    def request_(self, row: Memory) -> SafeString:
        return block(row.request)

    @display(description="Embedded by")
    def models_(self, row: Memory) -> str:
        return ", ".join(row.vectors.order_by("model").values_list("model", flat=True)) or "nothing"

    @display(description="Edited")
    def edited_(self, row: Memory) -> SafeString | str:
        return moment(row.edited) if row.edited else "never"

    @display(description="Recalled")
    def recalled_(self, row: Memory) -> SafeString | str:
        return moment(row.recalled) if row.recalled else "never"
