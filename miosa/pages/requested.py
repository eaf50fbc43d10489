"""Rows that a request of the API makes and changes: the same request as a form, with the same errors at its fields."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_tenants.utils import get_tenant_model
from rest_framework import serializers
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to, with_a_page
from miosa.pages.making import MadeByFunction
from miosa.pages.rows import Facts, as_tenant

TENANT = "tenant"
SAID = "said"  # among the cleaned values: what the request says
LINE = 200  # characters that are asked for in one line


class RequestForm(forms.Form):
    """Asks for what a serializer takes; whether it is right says the serializer alone.

    `left_out` are members that are not asked for here, `fixed` those that stay as they are when a row is changed.
    """

    asked: ClassVar[type[serializers.Serializer[Any]]]
    left_out: ClassVar[tuple[str, ...]] = ()
    fixed: ClassVar[tuple[str, ...]] = ()
    tenant: Any = forms.ModelChoiceField(queryset=None, widget=UnfoldAdminSelectWidget)

    def __init__(self, data: Any = None, *, row: Any = None) -> None:
        wanted = {name: one for name, one in self.asked().fields.items() if name not in self.left_out}
        super().__init__(
            data, initial={name: getattr(row, name) for name in (TENANT, *wanted)} if row else None
        )
        self.wanted = wanted
        self.fields |= {name: _field(one) for name, one in wanted.items()}
        self.fields[TENANT].queryset = get_tenant_model().objects.order_by("slug")  # type: ignore[attr-defined]
        for name in (TENANT, *self.fixed) if row else ():
            self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        given = {
            name: cleaned[name]
            for name, one in self.wanted.items()
            if name in cleaned and (cleaned[name] is not None or one.allow_null)
        }
        payload = self.asked(data=given)
        if payload.is_valid():
            return {**cleaned, SAID: payload.validated_data}
        for name, wrong in payload.errors.items():
            self.add_error(name if name in self.fields else None, list(_texts(wrong)))
        return cleaned


class Requested(MadeByFunction, Facts):
    """Rows that are shown as facts, and made, changed and removed by the functions that the API calls.

    A ModelAdmin says which form (`making_form`) and which functions (`written`, `removed`); they run inside the tenant.
    """

    making_form: ClassVar[type[RequestForm]]
    actions_detail = ("edit_row", "remove_row")

    def written(self, row: Any, values: dict[str, Any]) -> Model:
        """Make a row (`row` is None), or change one, from the form's cleaned values; what is said stands under `said`."""
        raise NotImplementedError

    def removed(self, row: Any) -> None:
        """Remove a row."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "add")

    def has_edit_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Tell whether this person may change one, and whether it is there."""
        return self._may(request, "change", object_id)

    def has_removal_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """The same for removing it."""
        return self._may(request, "delete", object_id)

    def made(self, request: HttpRequest, values: dict[str, Any]) -> HttpResponse:
        return self._written(request, values, row=None)

    @with_a_page("Change", icon="edit", permission="edit")
    def edit_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the form with what the row says, and change it."""
        row = self._row(object_id)
        form = self.making_form(request.POST if request.method == "POST" else None, row=row)
        words = {"title": f"Change {self.opts.verbose_name} {row}"}
        answer: Any = self.answered(request, form, partial(self._written, row=row), words)
        if hasattr(
            answer, "context_data"
        ):  # the form: its button is there for who may change, also without adding
            answer.context_data["has_add_permission"] = True
        page: HttpResponse = answer
        return page

    @after_asking(
        "Remove",
        title="Remove this?",
        told="It no longer holds from now on. What it has brought about stays.",
        button="Remove it",
        icon="delete",
        permission="removal",
    )
    def remove_row(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Remove."""
        row = self._row(object_id)
        try:
            with as_tenant(row.tenant):
                self.removed(row)
        except Problem as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, row, "Removed.")
            messages.success(request, f"{row} is removed.")
        return turn_to(request, reverse(f"admin:{self._name}_changelist"))

    def _written(self, request: HttpRequest, values: dict[str, Any], *, row: Any) -> HttpResponse:
        with as_tenant(values[TENANT]):
            written = self.written(row, values)
        self.log_change(request, written, "Changed." if row else "Made.")
        messages.success(request, f"{written} holds from now on.")
        return turn_to(request, reverse(f"admin:{self._name}_change", args=[written.pk]))

    def _row(self, object_id: str) -> Any:
        return self.model._base_manager.select_related(TENANT).get(pk=object_id)

    def _may(self, request: HttpRequest, what: str, object_id: str | None = None) -> bool:
        if not request.user.has_perm(f"{self.opts.app_label}.{what}_{self.opts.model_name}"):
            return False
        return what == "add" or self.model._base_manager.filter(pk=object_id).exists()

    @property
    def _name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"


def _field(one: Any) -> Any:
    """Return a field that takes anything of the right kind: what it may be says the serializer."""
    default = None if one.default in (serializers.empty, dict, list) else one.default
    words: dict[str, Any] = {"required": False, "help_text": one.help_text or "", "initial": default}
    if isinstance(one, serializers.BooleanField):
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, **words)
    if isinstance(one, serializers.ListField):
        child: Any = one.child
        return forms.MultipleChoiceField(
            choices=list(child.choices.items()), widget=UnfoldAdminCheckboxSelectMultipleWidget, **words
        )
    if isinstance(one, serializers.ChoiceField):
        return forms.ChoiceField(choices=list(one.choices.items()), widget=UnfoldAdminSelectWidget, **words)
    if isinstance(one, serializers.IntegerField):
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **words)
    if isinstance(one, serializers.DictField):
        return forms.JSONField(widget=UnfoldAdminTextareaWidget, **words | {"initial": default or {}})
    long = (one.max_length or 0) > LINE
    widget = UnfoldAdminTextareaWidget if long else UnfoldAdminTextInputWidget
    return forms.CharField(widget=widget, **words)


def _texts(wrong: Any) -> Iterator[str]:
    """Yield every sentence of a serializer's errors; those of members and places bear their names."""
    if isinstance(wrong, dict):
        for name, inner in wrong.items():
            yield from (f"{name}: {text}" for text in _texts(inner))
    elif isinstance(wrong, list):
        for inner in wrong:
            yield from _texts(inner)
    else:
        yield str(wrong)
