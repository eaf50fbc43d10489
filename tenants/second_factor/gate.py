"""The gate before the admin: staff with a second factor give it before anything else, by whatever way they came in."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from miosa.pages.answers import turn_to
from tenants.second_factor import authenticator

ADMIN = "/admin/"
OPEN = ("/admin/login/", "/admin/logout/", "/admin/openid/", "/admin/second-factor/")


def second_factor_gate(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, after those of sessions, people and django-otp."""

    def middleware(request: HttpRequest) -> HttpResponse:
        guarded = request.path.startswith(ADMIN) and not request.path.startswith(OPEN)
        address = _missing(request) if guarded else ""
        return turn_to(request, address) if address else get_response(request)

    return middleware


def is_required() -> bool:
    """Tell whether this installation wants a second factor of all staff."""
    required: bool = settings.ENVIRONMENT.staff_second_factor == "required"
    return required


def _missing(request: HttpRequest) -> str:
    """Return where this person has to go first; empty where they may go on."""
    user: Any = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff) or user.is_verified():
        return ""
    if authenticator.of(user) is not None:
        page = reverse("staff-second-factor")
    elif is_required():
        page = reverse("staff-second-factor-enrolment")
    else:
        return ""
    onward = {"next": request.get_full_path()} if request.method == "GET" else {}
    return f"{page}?{urlencode(onward)}" if onward else page
