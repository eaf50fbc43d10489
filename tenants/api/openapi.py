"""How the OpenAPI document describes our credentials."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Repeat a request safely. What is shown once is not kept: a repetition gets 409 and is told what was made.",
)


class CredentialScheme(OpenApiAuthenticationExtension):
    """One bearer scheme for both: an API key, or an access token from POST /tokens."""

    target_class = "tenants.authentication.CredentialAuthentication"
    name = "credential"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (miosa_...) or an access token from `POST /api/v1/tokens`.",
        }
