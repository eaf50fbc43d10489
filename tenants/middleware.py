"""Credential to principal to tenant scope, around every API request, as often as its limits allow."""

from collections.abc import Callable
from contextlib import ExitStack

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from miosa.http.client_address import client_address
from miosa.http.exception_handler import answer
from tenants.throttling import RateLimited, admitted


class TenantScopeMiddleware:
    """Runs the view inside the caller's tenant. A refused credential is answered by the view's authentication,
    so that public routes (sign-in, docs) stay open and all refusals look alike.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        with ExitStack() as scope:
            try:
                caller = scope.enter_context(
                    admitted(
                        request.headers.get("Authorization", ""),
                        method=request.method or "",
                        route=_route(request.path_info),
                        address=client_address(request),
                    )
                )
            except RateLimited as refusal:
                return answer(request, refusal)
            request.principal, request.credential_refusal = caller.principal, caller.refusal  # type: ignore[attr-defined]
            response = self.get_response(request)
            for name, value in caller.told.items():
                response.headers.setdefault(name, value)
            return response


def _route(path: str) -> str:
    """Return the name of the route; paths that lead nowhere count as one."""
    try:
        return resolve(path).url_name or ""
    except Resolver404:
        return ""
