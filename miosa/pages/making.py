"""An "Add" page whose form is not the model's: for rows that are made by a function of their own."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.helpers import AdminErrorList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from unfold.forms import AdminForm

from miosa.http.problem import Problem
from miosa.pages.recorded import Recorded


class MadeByFunction(Recorded):
    """`making_form` asks, `made` makes; no transaction of the admin is open around it."""

    making_form: ClassVar[type[forms.Form]]

    def made(self, request: HttpRequest, values: dict[str, Any]) -> HttpResponse:
        """Make the row from the form's cleaned values, and answer; a Problem is shown above the form."""
        raise NotImplementedError

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form: Any = self.making_form(request.POST if request.method == "POST" else None)
        title = f"Add {self.opts.verbose_name}"
        return self.answered(request, form, self.made, {"title": title, **(extra_context or {})})

    def answered(
        self,
        request: HttpRequest,
        form: Any,
        act: Callable[[HttpRequest, dict[str, Any]], HttpResponse],
        words: dict[str, Any],
    ) -> HttpResponse:
        """Act upon a valid form; show the form where it is empty, wrong, or the act is refused."""
        if form.is_valid():
            try:
                return act(request, form.cleaned_data)
            except Problem as refusal:
                form.add_error(None, str(refusal))
        page = AdminForm(form, [(None, {"fields": list(form.fields)})], {}, (), model_admin=self)
        context = {
            **self.admin_site.each_context(request),
            "adminform": page,
            "media": self.media + page.media,
            "errors": AdminErrorList(form, []),
            "inline_admin_formsets": [],
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            **words,
        }
        return self.render_change_form(request, context, add=True)
