"""The admin's pages of statistics: agents with their standing, models with their record, and what days cost."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.views import ChangeList

from agents.contract import Profile
from agents.registry_kinds import ORCHESTRATOR, PROFILES
from billing.models import MONEY_ONLY, Meter
from billing.money import format_usd
from miosa import insight, statistics
from miosa.dashboard import chosen_tenant
from miosa.drawing.sparkline import sparkline
from miosa.models import AgentPerformance, ModelPerformance, SpendByDay
from miosa.pages.cells import chips, confidence, duration, moment, rate, rows_of
from miosa.pages.rows import Facts
from tenants.models import Tenant

admin.site.index_template = (
    "admin/miosa/dashboard.html"  # django-tenants brings an admin/index.html of its own
)


class Sums(ChangeList):
    """A sum leads to the rows it was made from."""

    model_admin: Any

    def url_for_result(self, result: Any) -> str:
        return str(self.model_admin.leads_to(result))


class Trends(Sums):
    """Adds to each row of the page how it went on recent days: one query for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        trends = self.model_admin.trends()
        self.result_list = list(self.result_list)
        for row in self.result_list:
            row.trend = trends.get(self.model_admin.trend_of(row), [])


class Statistics(Facts):
    """Rows of a materialised view; the page says of when they are."""

    list_before_template = "admin/parts/as_of.html"
    view_name = ""

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return Sums

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        page: Any = {**(extra_context or {}), "as_of": statistics.as_of(self.view_name)}
        return super().changelist_view(request, page)


@admin.register(AgentPerformance)
class AgentPerformanceAdmin(Statistics):
    """How each agent has done, tenant by tenant."""

    view_name = "agent_performance"
    list_display = ("agent", "tenant", "total", "success", "confidence_", "took", "trend_", "last_")
    list_filter = ("tenant", "agent")
    ordering = ("-total", "id")
    trends: Callable[[], insight.Trends] = staticmethod(insight.confidence_trends)

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return Trends

    def trend_of(self, row: AgentPerformance) -> tuple[Any, ...]:
        return row.tenant_id, row.agent

    def leads_to(self, row: AgentPerformance) -> str:
        return rows_of("agents_step", tenant__id__exact=row.tenant_id, agent=row.agent)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("roster/", "miosa_agents", self.roster_view),)

    def roster_view(self, request: HttpRequest, **_model_admin: Any) -> HttpResponse:
        """Show every agent there is, with what it is for and how it has done."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        tenant = chosen_tenant(request)
        standings = insight.agents(tenant.pk if tenant else None)
        context = {
            **self.admin_site.each_context(request),
            "title": "Agents",
            "agents": [
                _agent(one, standings.get(one.kind, {})) for one in (ORCHESTRATOR, *PROFILES.values())
            ],
            "tenants": Tenant.objects.order_by("slug"),
            "tenant": tenant,
            "as_of": statistics.as_of(self.view_name),
        }
        return TemplateResponse(request, "admin/miosa/agents.html", context)

    @display(description="Succeeded", ordering="successes")
    def success(self, row: AgentPerformance) -> SafeString:
        return rate(row.successes, row.total)

    @display(description="Mean confidence", ordering="mean_confidence")
    def confidence_(self, row: AgentPerformance) -> SafeString:
        return confidence(row.mean_confidence)

    @display(description="Mean time", ordering="mean_ms")
    def took(self, row: AgentPerformance) -> str:
        return duration(row.mean_ms)

    @display(description="Confidence, two weeks")
    def trend_(self, row: Any) -> SafeString:
        return sparkline(row.trend, title=f"Confidence of {row.agent} by day", lowest=0, highest=10)

    @display(description="Last worked", ordering="last_finished")
    def last_(self, row: AgentPerformance) -> SafeString:
        return moment(row.last_finished)


@admin.register(ModelPerformance)
class ModelPerformanceAdmin(Statistics):
    """How each model has done on each kind of task, tenant by tenant."""

    view_name = "model_performance"
    list_display = (
        "model",
        "tenant",
        "task_kind",
        "success",
        "confidence_",
        "took",
        "tokens_",
        "cost",
        "trend_",
    )
    list_filter = ("tenant", "model", "task_kind", "provider")
    search_fields = ("model",)
    ordering = ("-requests", "id")
    trends: Callable[[], insight.Trends] = staticmethod(insight.success_trends)

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return Trends

    def trend_of(self, row: ModelPerformance) -> tuple[Any, ...]:
        return row.tenant_id, row.model, row.task_kind

    def leads_to(self, row: ModelPerformance) -> str:
        wanted = {"tenant__id__exact": row.tenant_id, "model": row.model, "task_kind": row.task_kind}
        return rows_of("routing_outcome", **wanted)

    @display(description="Succeeded", ordering="successes")
    def success(self, row: ModelPerformance) -> SafeString:
        return rate(row.successes, row.requests)

    @display(description="Mean confidence", ordering="mean_confidence")
    def confidence_(self, row: ModelPerformance) -> SafeString:
        return confidence(row.mean_confidence)

    @display(description="Mean latency", ordering="mean_latency_ms")
    def took(self, row: ModelPerformance) -> str:
        return duration(row.mean_latency_ms)

    @display(description="Tokens", ordering="tokens")
    def tokens_(self, row: ModelPerformance) -> str:
        return f"{row.tokens:,}"

    @display(description="Cost", ordering="cost_micros")
    def cost(self, row: ModelPerformance) -> str:
        return format_usd(row.cost_micros)

    @display(description="Success, two weeks")
    def trend_(self, row: Any) -> SafeString:
        return sparkline(row.trend, title=f"Success of {row.model} by day", lowest=0, highest=1)


@admin.register(SpendByDay)
class SpendByDayAdmin(Statistics):
    """What each day cost, tenant by tenant."""

    view_name = "spend_by_day"
    list_display = ("day", "tenant", "cost", "tokens_")
    list_filter = ("tenant", "day")
    ordering = ("-day", "id")

    def leads_to(self, row: SpendByDay) -> str:
        start = datetime.combine(row.day, time(), tzinfo=UTC)
        day = {"created__gte": start.isoformat(), "created__lt": (start + timedelta(days=1)).isoformat()}
        use = ",".join(meter for meter in Meter if meter not in MONEY_ONLY)
        return rows_of("billing_ledgerentry", tenant__id__exact=row.tenant_id, meter__in=use, **day)

    @display(description="Charged", ordering="cost_micros")
    def cost(self, row: SpendByDay) -> str:
        return format_usd(row.cost_micros)

    @display(description="Tokens", ordering="tokens")
    def tokens_(self, row: SpendByDay) -> str:
        return f"{row.tokens:,}"


def _agent(profile: Profile, standing: dict[str, Any]) -> dict[str, Any]:
    return {
        "profile": profile,
        "capabilities": chips(name.rstrip("*") for name in profile.capabilities),
        "steps": standing.get("steps", 0),
        "success": rate(standing.get("good", 0), standing.get("steps", 0)),
        "confidence": confidence(standing.get("confidence")),
        "took": duration(standing.get("ms")),
        "last": moment(standing.get("last")),
    }
