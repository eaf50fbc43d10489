"""Whether a request was meant for this site: by a name it has, and not from another site's page.

A page of any site can have its own name lead to the machine of whoever looks at it (DNS rebinding). Its requests bring
that name along in Host and Origin. A program that is no browser sends no Origin.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host

from miosa.http.limits import Application, may_have_body, refuse
from miosa.http.problem import BadRequest, Forbidden, Problem

ANY = "*"


def by_our_name(application: Application, hosts: Sequence[str]) -> Application:
    """Return the application for requests to one of our hosts, written as in ALLOWED_HOSTS; others are refused with 400."""

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if validate_host(split_domain_port(_host(scope))[0], hosts):
            await application(scope, receive, send)
        else:
            await _refuse(scope, send, BadRequest("This site is not reached by the name in Host."))

    return guarded


def from_our_pages(application: Application, hosts: Sequence[str], origins: Sequence[str]) -> Application:
    """Return the application for programs and for pages of this very site; pages of others are refused with 403.

    Ours is what `origins` names, and the origin with the name and port the request is for. `*` among `hosts`
    vouches for nobody: whoever leads a name of theirs here would be one of us.
    """
    named = [host for host in hosts if host != ANY]

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        host = _host(scope)
        known = validate_host(split_domain_port(host)[0], named)
        ours = {*origins, f"http://{host}", f"https://{host}"} if known else set(origins)
        if all(origin.lower() in ours for origin in _all(scope, b"origin")):
            await application(scope, receive, send)
        else:
            told = Forbidden("Pages of another origin may not ask here; a program sends no Origin.")
            await _refuse(scope, send, told)

    return guarded


def origins_of(public_url: str, trusted: Sequence[str]) -> list[str]:
    """Return the origins that are this site's own: of its public address, and those that may send it forms."""
    public = urlsplit(public_url)
    return [*trusted, *([f"{public.scheme}://{public.netloc}".lower()] if public.netloc else [])]


def _host(scope: dict[str, Any]) -> str:
    return next(iter(_all(scope, b"host")), "").lower()


def _all(scope: dict[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin-1") for told, value in scope["headers"] if told.lower() == name]


async def _refuse(scope: dict[str, Any], send: Any, told: Problem) -> None:
    await refuse(scope, send, told, close=may_have_body(scope))
