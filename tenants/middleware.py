"""Credential to principal to tenant scope, around every API request."""

from collections.abc import Callable
from contextlib import ExitStack

from django.http import HttpRequest, HttpResponse

from miosa.http.problem import Problem
from tenants.authentication import entered


class TenantScopeMiddleware:
    """Runs the view inside the caller's tenant. A refused credential is answered by the view's authentication,
    so that public routes (sign-in, docs) stay open and all refusals look alike.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        request.principal = request.credential_refusal = None  # type: ignore[attr-defined]
        with ExitStack() as scope:
            try:
                request.principal = scope.enter_context(  # type: ignore[attr-defined]
                    entered(request.headers.get("Authorization", ""))
                )
            except Problem as refusal:
                request.credential_refusal = refusal  # type: ignore[attr-defined]
            return self.get_response(request)
