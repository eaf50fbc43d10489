"""The gateway's guard rails and its cache, over the API."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from miosa.http.problem import NotFound
from routing import cached_answers, key_policies
from routing.models import Exchange, KeyPolicy
from tenants.idempotency import IdempotentPost

MOST_MICROS = 10**15
# What is left out is the product's own, not what was there before: a policy is put as a whole.
USUAL = {name: getattr(KeyPolicy(), name) for name in key_policies.FIELDS}


class KeyPolicyRequest(serializers.ModelSerializer[KeyPolicy]):
    """All of it: what is left out is the product's own."""

    most_input_tokens = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    most_output_tokens = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    tokens_per_minute = serializers.IntegerField(
        min_value=1, max_value=100_000_000, allow_null=True, default=None
    )
    daily_micros = serializers.IntegerField(min_value=0, max_value=MOST_MICROS, allow_null=True, default=None)
    tenant_daily_micros = serializers.IntegerField(
        min_value=0, max_value=MOST_MICROS, allow_null=True, default=None
    )
    cache_ttl_s = serializers.IntegerField(min_value=1, max_value=30 * 86_400, default=3_600)
    cache_threshold = serializers.FloatField(min_value=0.5, max_value=1, default=0.97)
    keep_days = serializers.IntegerField(min_value=1, max_value=3_650, default=30)

    class Meta:
        model = KeyPolicy
        fields = key_policies.FIELDS


class KeyPolicyRepresentation(serializers.ModelSerializer[KeyPolicy]):
    changed = serializers.DateTimeField(allow_null=True, help_text="null: the product's own rules")

    class Meta:
        model = KeyPolicy
        fields = ("key_id", *key_policies.FIELDS, "changed")


class AnswerCacheRepresentation(serializers.Serializer[Any]):
    answers = serializers.IntegerField(help_text="that may be given again")
    hits = serializers.IntegerField(help_text="how often those were given again")
    saved_micros = serializers.IntegerField(help_text="micro-dollars that these hits did not cost")


class CachePurgeRequest(serializers.Serializer[Any]):
    model = serializers.CharField(default="", allow_blank=True, help_text="answers of this model alone")


class CachePurgeRepresentation(serializers.Serializer[Any]):
    purged = serializers.IntegerField(help_text="answers that were deleted")


class ExchangeRepresentation(serializers.ModelSerializer[Exchange]):
    class Meta:
        model = Exchange
        fields = ("id", "request", "answer", "redacted", "created", "expires")


class KeyPolicies(APIView):
    """Every policy of the tenant."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "routing:read"}

    @extend_schema(tags=["gateway"], responses=KeyPolicyRepresentation(many=True))
    def get(self, _request: Request) -> Response:
        rows = KeyPolicy.objects.order_by("key_id")
        return Response(KeyPolicyRepresentation(rows, many=True).data)


class KeyPolicyDetail(APIView):
    """What holds for one key: its own policy, or the one of every key without one."""

    required_scopes: ClassVar[dict[str, str]] = {
        "GET": "routing:read",
        "PUT": "routing:write",
        "DELETE": "routing:write",
    }

    @extend_schema(tags=["gateway"], responses=KeyPolicyRepresentation)
    def get(self, _request: Request, key_id: UUID) -> Response:
        return Response(KeyPolicyRepresentation(key_policies.in_force(key_id)).data)

    @extend_schema(tags=["gateway"], request=KeyPolicyRequest, responses=KeyPolicyRepresentation)
    def put(self, request: Request, key_id: UUID) -> Response:
        return _put(request, key_id)

    @extend_schema(tags=["gateway"], responses={204: None})
    def delete(self, _request: Request, key_id: UUID) -> Response:
        key_policies.forget(key_id)
        return Response(status=204)


class DefaultKeyPolicy(APIView):
    """The policy of every key without one of its own."""

    required_scopes: ClassVar[dict[str, str]] = KeyPolicyDetail.required_scopes

    @extend_schema(tags=["gateway"], responses=KeyPolicyRepresentation)
    def get(self, _request: Request) -> Response:
        return Response(KeyPolicyRepresentation(key_policies.in_force(None)).data)

    @extend_schema(tags=["gateway"], request=KeyPolicyRequest, responses=KeyPolicyRepresentation)
    def put(self, request: Request) -> Response:
        return _put(request, None)

    @extend_schema(tags=["gateway"], responses={204: None})
    def delete(self, _request: Request) -> Response:
        key_policies.forget(None)
        return Response(status=204)


class AnswerCache(APIView):
    """What the cache holds and has saved."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "routing:read"}

    @extend_schema(tags=["gateway"], responses=AnswerCacheRepresentation)
    def get(self, _request: Request) -> Response:
        return Response(AnswerCacheRepresentation(cached_answers.standing()).data)


class CachePurges(IdempotentPost, APIView):
    """Delete what the cache holds."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "routing:write"}

    @extend_schema(tags=["gateway"], request=CachePurgeRequest, responses={201: CachePurgeRepresentation})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        payload = CachePurgeRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        return Response({"purged": cached_answers.purge(model=payload.validated_data["model"])}, status=201)


class ExchangeDetail(APIView):
    """A request and its answer, by the id of their decision, where the key's policy stored them."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "decisions:read"}

    @extend_schema(tags=["gateway"], responses=ExchangeRepresentation)
    def get(self, _request: Request, exchange_id: UUID) -> Response:
        row = Exchange.objects.filter(pk=exchange_id).first()
        if row is None:
            raise NotFound("Nothing is stored of this call.")
        return Response(ExchangeRepresentation(row).data)


def _put(request: Request, key_id: UUID | None) -> Response:
    payload = KeyPolicyRequest(data=request.data)
    payload.is_valid(raise_exception=True)
    row = key_policies.put(key_id, **{**USUAL, **payload.validated_data})
    return Response(KeyPolicyRepresentation(row).data)
