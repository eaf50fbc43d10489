"""What goes in and out of the routes of deployments, services, approvals and targets."""

from typing import Any

from rest_framework import serializers

from deployments.models import Approval, Deployment, DeploymentLog, HealthCheck, Service
from deployments.service_settings import KNOWN, shown
from deployments.strict import StrictRequest


class LaunchRequest(StrictRequest):
    """`release_id` alone deploys to this machine's preview."""

    release_id = serializers.UUIDField()
    target = serializers.CharField(max_length=20, default="local", help_text="a name of GET /targets")
    environment = serializers.ChoiceField(Service.Environment.choices, default=Service.Environment.PREVIEW)
    strategy = serializers.ChoiceField(Deployment.Strategy.choices, default=Deployment.Strategy.DIRECT)
    approval_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="one that was given for this"
    )


class PlanStepRepresentation(serializers.Serializer[Any]):
    effect = serializers.CharField(help_text="create, change, keep or remove")
    what = serializers.CharField()
    detail = serializers.CharField()


class PlanRepresentation(serializers.Serializer[Any]):
    steps = PlanStepRepresentation(many=True)
    effect = serializers.DictField(help_text="what an approval would be bound to")
    needs_approval = serializers.BooleanField()


class DeploymentSummary(serializers.ModelSerializer[Deployment]):
    project = serializers.SlugRelatedField[Any](source="service.project", slug_field="slug", read_only=True)
    service_id = serializers.UUIDField(read_only=True)
    release_id = serializers.UUIDField(read_only=True)
    release = serializers.IntegerField(source="release.number", read_only=True)
    target = serializers.CharField(source="service.target", read_only=True)
    environment = serializers.CharField(source="service.environment", read_only=True)

    class Meta:
        model = Deployment
        fields: tuple[str, ...] = (
            *("id", "project", "service_id", "release_id", "release", "target", "environment", "kind"),
            *("strategy", "state", "reason", "url", "percent", "back_to_id", "caused_by_id", "approval_id"),
            *("execution_id", "requested_by", "log_lines", "created", "build_started", "release_started"),
            *("live_since", "finished"),
        )
        read_only_fields = fields


class ServiceRepresentation(serializers.ModelSerializer[Service]):
    project = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    project_id = serializers.UUIDField(read_only=True)
    domains = serializers.ListField(child=serializers.DictField(), read_only=True)
    settled = serializers.SerializerMethodField(help_text="whether the target was brought to what is wanted")
    refusal = serializers.SerializerMethodField(help_text="what the target said against it")
    settings = serializers.SerializerMethodField(help_text="what was set; the rest is as for all")

    class Meta:
        model = Service
        fields = (
            *("id", "project", "project_id", "target", "environment", "name", "state", "url", "current_id"),
            *("settings", "domains", "health", "failures", "settled", "refusal", "created", "updated"),
        )
        read_only_fields = fields

    def get_settled(self, row: Service) -> bool:
        return row.settled >= row.generation

    def get_refusal(self, row: Service) -> str:
        return str(row.settings.get("refusal", ""))

    def get_settings(self, row: Service) -> dict[str, Any]:
        return shown(row.settings)


class ServiceChange(StrictRequest):
    settings = serializers.DictField(
        help_text=f"any of {', '.join(sorted(KNOWN))}; null takes one back to what holds for all"
    )


class RollbackRequest(StrictRequest):
    deployment_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="one that served before; else the last that served well"
    )


class DomainsRequest(StrictRequest):
    domains = serializers.ListField(child=serializers.CharField(max_length=253), max_length=20)


class LogLineRepresentation(serializers.ModelSerializer[DeploymentLog]):
    class Meta:
        model = DeploymentLog
        fields = ("number", "at", "stream", "text")
        read_only_fields = fields


class LogRepresentation(serializers.Serializer[Any]):
    lines = LogLineRepresentation(many=True)
    after = serializers.IntegerField(help_text="ask for what follows with ?after=")


class HealthCheckRepresentation(serializers.ModelSerializer[HealthCheck]):
    class Meta:
        model = HealthCheck
        fields = ("id", "deployment_id", "passed", "status", "latency_ms", "detail", "created")
        read_only_fields = fields


class ApprovalRepresentation(serializers.ModelSerializer[Approval]):
    effect = serializers.DictField(read_only=True)

    class Meta:
        model = Approval
        fields = (
            *("id", "kind", "effect", "digest", "state", "requested_by", "execution_id", "decided_by"),
            *("decided", "note", "expires", "created"),
        )
        read_only_fields = fields


class DecisionRequest(StrictRequest):
    approve = serializers.BooleanField()
    digest = serializers.CharField(max_length=64, help_text="of the effect that was read")
    note = serializers.CharField(max_length=500, default="", allow_blank=True)


class TargetRepresentation(serializers.Serializer[Any]):
    name = serializers.CharField()
    available = serializers.BooleanField()
    missing = serializers.CharField(allow_blank=True, help_text="why it cannot be used")
    kinds = serializers.ListField(child=serializers.CharField())
    capabilities = serializers.ListField(child=serializers.CharField())


class TargetList(serializers.Serializer[Any]):
    items = TargetRepresentation(many=True)
    next = serializers.URLField(allow_null=True)
