"""Actions of one row, most of which ask first, and how they answer."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.dataclasses import ActionDialog
from unfold.decorators import action
from unfold.enums import ActionVariant


def after_asking(
    name: str, *, title: str, told: str, button: str, icon: str, permission: str, harmless: bool = False
) -> Callable[[Any], Any]:
    """Make a method of a ModelAdmin an action: a GET shows the question, and only its POST calls the method.

    `permission` is the middle of `has_<permission>_permission(request, object_id)`; without it there is no button.
    """
    question = ActionDialog(title=title, description=told, form_class=None, form_submit_text=button)
    variant = ActionVariant.SUCCESS if harmless else ActionVariant.DANGER
    made = action(description=name, permissions=[permission], dialog=question, icon=icon, variant=variant)
    return cast("Callable[[Any], Any]", made)


def with_a_page(name: str, *, icon: str, permission: str) -> Callable[[Any], Any]:
    """Make a method of a ModelAdmin an action that answers by a page of its own."""
    return cast("Callable[[Any], Any]", action(description=name, permissions=[permission], icon=icon))


def turn_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser to a page; a dialogue (htmx) is told by a header, since it would follow a redirect itself."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
