"""Proposals: what is proposed, what its replays showed, and a person's word on it."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import proposals
from agents.api.control import IDEMPOTENCY_KEY
from agents.models import Proposal, ProposalTrial
from agents.proving import pairs_of
from agents.verdicts_of_people import Decision, decide
from miosa.http.problem import BadParameter
from tenants.idempotency import IdempotentPost

MOST_REASON = 500


class TrialRepresentation(serializers.ModelSerializer[ProposalTrial]):
    step = serializers.UUIDField(
        source="step_id", read_only=True, help_text="the stored step that was done again"
    )

    class Meta:
        model = ProposalTrial
        fields = (
            "step",
            "input_digest",
            "look",
            "old_first",
            "old_score",
            "new_score",
            "old_evidence",
            "new_evidence",
            "old_model",
            "new_model",
            "verdict",
            "judge",
            "judge_reason",
            "shown_old_first",
            "difference",
            "cost_micros",
            "old_cost_micros",
            "new_cost_micros",
            "created",
        )
        read_only_fields = fields


class ProposalSummary(serializers.ModelSerializer[Proposal]):
    class Meta:
        model = Proposal
        fields: tuple[str, ...] = (
            "id",
            "agent",
            "number",
            "kind",
            "state",
            "reason",
            "cause",
            "base_version",
            "new_version",
            "bound",
            "looks",
            "share",
            "spent_micros",
            "decided_by",
            "created",
            "rolled",
            "ended",
        )
        read_only_fields = fields


class ProposalRepresentation(ProposalSummary):
    lesson = serializers.UUIDField(source="lesson_id", read_only=True, allow_null=True)
    trials = serializers.SerializerMethodField()

    class Meta(ProposalSummary.Meta):
        fields = (
            *ProposalSummary.Meta.fields,
            *("change", "diff", "lesson", "replays", "comparison", "watch", "trials"),
        )
        read_only_fields = fields

    @extend_schema_field(TrialRepresentation(many=True))
    def get_trials(self, row: Proposal) -> list[dict[str, Any]]:
        return list(TrialRepresentation(pairs_of(row), many=True).data)


class ProposalDecisionRequest(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=[one.value for one in Decision])
    change = serializers.DictField(
        child=serializers.CharField(max_length=2_000),
        required=False,
        help_text="with edit: the change that takes its place",
    )
    reason = serializers.CharField(max_length=MOST_REASON, default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["decision"] == Decision.EDIT) != ("change" in attrs):
            raise serializers.ValidationError({"change": "is given with edit, and only then"})
        return attrs


@extend_schema(
    tags=["proposals"],
    parameters=[
        OpenApiParameter("agent", OpenApiTypes.STR),
        OpenApiParameter("state", OpenApiTypes.STR, enum=Proposal.State.values),
    ],
)
class Proposals(ListAPIView[Proposal]):
    """What is proposed to change about agents, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "agents:read"}
    serializer_class = ProposalSummary
    queryset = Proposal.objects.none()

    def get_queryset(self) -> Any:
        asked = self.request.query_params
        state = asked.get("state")
        if state is not None and state not in Proposal.State.values:
            raise BadParameter(f"state is one of {', '.join(Proposal.State.values)}.", parameter="state")
        given = {name: asked[name] for name in ("agent", "state") if name in asked}
        return proposals.proposals().filter(**given)


@extend_schema(tags=["proposals"], responses=ProposalRepresentation)
class ProposalDetail(APIView):
    """One proposal with its diff, every replayed pair, how its rollout goes, and how it does since."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "agents:read"}

    def get(self, _request: Request, proposal_id: UUID) -> Response:
        return Response(ProposalRepresentation(proposals.proposal(proposal_id)).data)


@extend_schema(
    tags=["proposals"],
    request=ProposalDecisionRequest,
    responses={200: ProposalRepresentation},
    parameters=[IDEMPOTENCY_KEY],
)
class ProposalDecisions(IdempotentPost, APIView):
    """Approve, edit, refuse, or have it tested now; `edit` answers with the new version."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "agents:write"}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        payload = ProposalDecisionRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        row = decide(kwargs["proposal_id"], **payload.validated_data)
        return Response(ProposalRepresentation(row).data)
