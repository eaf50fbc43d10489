"""The page a letter of invitation leads to: a form for a person, not for a program."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from miosa.http.exception_handler import answer
from miosa.http.problem import Forbidden, Problem, Unauthenticated, Unprocessable
from tenants import acceptance
from tenants.openid import entry, round_trip

DOOR = "/invitations/openid/callback"
SHORTEST = 10  # as AUTH_PASSWORD_VALIDATORS
MOST_NAME, MOST_PASSWORD = 120, 200
View = Callable[..., HttpResponse]


def told_as_page(view: View) -> View:
    """A problem is told on a page that a person can read."""

    @wraps(view)
    def told(request: HttpRequest, **values: Any) -> HttpResponse:
        try:
            return view(request, **values)
        except Problem as problem:
            return answer(request, problem)

    return told


@transaction.non_atomic_requests  # the provider may be asked in between
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@told_as_page
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is offered, and accept it: with a password, or at the provider."""
    if request.method != "POST":
        return _form(request, acceptance.look(token))
    if request.POST.get("way") == "openid":
        url, cookie = round_trip.begin(DOOR, token=token)
        gone: HttpResponse = round_trip.remember(HttpResponseRedirect(url), cookie, door=DOOR)
        return gone
    try:
        seated = acceptance.accept_with_password(
            token,
            password=request.POST.get("password", "")[:MOST_PASSWORD],
            name=request.POST.get("name", "")[:MOST_NAME].replace("\0", ""),
        )
    except (Unprocessable, Unauthenticated, Forbidden) as refusal:
        return _form(request, acceptance.look(token), refusal=refusal)
    return _welcome(request, seated)


@transaction.non_atomic_requests
@never_cache
@require_http_methods(["GET"])
@told_as_page
def callback(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser back: the seat is taken."""
    cookie = request.COOKIES.get(round_trip.COOKIE, "")
    account, goal = round_trip.end(DOOR, query=request.GET, cookie=cookie)
    response: HttpResponse = round_trip.forget(
        _welcome(request, entry.take_seat(account, token=goal["token"])), door=DOOR
    )
    return response


def _form(request: HttpRequest, seen: acceptance.Seen, *, refusal: Problem | None = None) -> HttpResponse:
    context = {
        "seen": seen,
        "provider": _provider(),
        "shortest": SHORTEST,
        "name": request.POST.get("name", "")[:MOST_NAME],
        "wrong": refusal and refusal.detail,
        "flaws": [flaw["detail"] for flaw in refusal.extensions.get("errors", ())] if refusal else [],
    }
    return render(request, "people/invitation.html", context, status=refusal.status if refusal else 200)


def _welcome(request: HttpRequest, seated: acceptance.Seated) -> HttpResponse:
    return render(request, "people/seated.html", {"seated": seated, "provider": _provider()}, status=201)


def _provider() -> str:
    """Return how the provider is called on buttons; empty where none is set up."""
    environment = settings.ENVIRONMENT
    return environment.oidc_name if environment.oidc_issuer else ""
