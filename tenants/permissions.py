"""Every route names the scope it needs; a route without one is closed."""

from collections.abc import Mapping
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from miosa.http.problem import Forbidden, Unauthenticated
from tenants.principal import Principal


class HasScope(BasePermission):
    """Reads the view's `required_scopes`: {"GET": "executions:read"}."""

    def has_permission(self, request: Request, view: Any) -> bool:
        required: Mapping[str, str] = getattr(view, "required_scopes", {})
        principal: Any = request.user
        if not isinstance(principal, Principal):
            raise Unauthenticated("Send `Authorization: Bearer <API key or access token>`.")
        scope = required.get(request.method or "")
        if scope is None:
            return request.method == "OPTIONS"
        if not principal.may(scope):
            raise Forbidden(f"This credential lacks the scope {scope}.")
        return True


class HasCredential(BasePermission):
    """For what every valid credential may ask, whatever its scopes: who it is."""

    def has_permission(self, request: Request, view: Any) -> bool:
        principal: Any = request.user
        if not isinstance(principal, Principal):
            raise Unauthenticated("Send `Authorization: Bearer <API key or access token>`.")
        return True
