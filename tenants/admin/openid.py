"""Staff sign in at the OpenID provider: there and back, then Django's session, on the platform's login."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login as open_session
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from miosa.http.exception_handler import answer
from miosa.http.problem import Problem
from tenants.openid import entry, round_trip

DOOR = "/admin/openid/callback"
admin.site.login_template = "admin/staff_login.html"
BACKEND = f"{ModelBackend.__module__}.{ModelBackend.__qualname__}"


@transaction.non_atomic_requests  # the provider is asked in between
@never_cache
@require_GET
def login(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    try:
        url, cookie = round_trip.begin(DOOR, next=within(request, request.GET.get("next", "")))
    except Problem as problem:
        return answer(request, problem)
    response: HttpResponse = round_trip.remember(HttpResponseRedirect(url), cookie, door=DOOR)
    return response


@transaction.non_atomic_requests
@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser back: staff are let in; a second factor is asked for as ever."""
    cookie = request.COOKIES.get(round_trip.COOKIE, "")
    try:
        account, goal = round_trip.end(DOOR, query=request.GET, cookie=cookie)
        person = entry.enter_admin(account)
    except Problem as problem:
        return answer(request, problem)
    open_session(request, person, backend=BACKEND)
    response: HttpResponse = round_trip.forget(HttpResponseRedirect(within(request, goal["next"])), door=DOOR)
    return response


def offered(_request: HttpRequest) -> dict[str, str]:
    """Answer UNFOLD's GLOBAL_CALLBACK: how the provider is called on the button; empty where none is set up."""
    environment = settings.ENVIRONMENT
    return {"openid_name": environment.oidc_name if environment.oidc_issuer else ""}


def within(request: HttpRequest, address: str) -> str:
    """Return the address to go on to; one outside of this installation becomes the admin's first page."""
    here = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if here and address.startswith("/admin/") else reverse("admin:index")
