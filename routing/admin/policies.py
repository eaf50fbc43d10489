"""How tenants want their models chosen: changed here only after what it would change was shown."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from miosa.pages.answers import turn_to
from miosa.pages.cells import badge, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import TenantRows, as_tenant
from routing import policies, promotions
from routing.admin.chosen import Chosen, chosen
from routing.admin.policy_form import PolicyForm
from routing.admin.what_if_page import would_change
from routing.models import Policy
from routing.policy_change import put_into_force
from routing.requirement import MODES

VIEW, CHANGE = "routing.view_policy", "routing.change_policy"
SAVED = "The policy of {tenant} is in force with the next decision."


@admin.register(Policy)
class PolicyAdmin(Columns, TenantRows):
    """One tenant's policy; a tenant without a row has the product's."""

    list_display = ("tenant", "weights_", "explored", "judged", "gives", "takes", "changed_")
    list_filter = ("tenant", "gives_counts", "takes_counts")
    ordering = ("tenant__slug",)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("what-if/", "routing_what_if", self.what_if_view),)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the page of "what if" makes the row when it is needed

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The same page as "what if", for the tenant of the row."""
        row = self.get_object(request, object_id)
        if row is None:
            return super().change_view(request, object_id, form_url, extra_context)  # it says so
        return self._page(request, chosen(request)._replace(tenant=row.tenant))

    def what_if_view(self, request: HttpRequest, **_model_admin: Any) -> HttpResponse:
        """Show a tenant's policy with what another one would change; POST `do=save` puts it into force."""
        return self._page(request, chosen(request))

    def _page(self, request: HttpRequest, what: Chosen) -> HttpResponse:
        if not request.user.has_perm(VIEW):
            raise PermissionDenied
        page: dict[str, Any] = {}
        if what.tenant is not None:
            with as_tenant(what.tenant):
                answer, page = _asked(request, what)
            if answer:
                messages.success(request, answer)
                return turn_to(request, _address(what))
        context = {
            **self.admin_site.each_context(request),
            "title": "What if",
            **what.context(),
            "may_change": request.user.has_perm(CHANGE),
            **page,
        }
        return TemplateResponse(request, "admin/routing/policy.html", context)

    @display(description="Weights")
    def weights_(self, row: Policy) -> SafeString:
        return badge("ready", text="its own") if row.weights else badge("", text="the product's")

    @display(description="Most explored", ordering="most_explored")
    def explored(self, row: Policy) -> str:
        return f"{row.most_explored:.0%}"

    @display(description="Judged", ordering="judge_share")
    def judged(self, row: Policy) -> str:
        return f"{row.judge_share:.0%}"

    @display(description="Gives counts", boolean=True, ordering="gives_counts")
    def gives(self, row: Policy) -> bool:
        return bool(row.gives_counts)

    @display(description="Takes counts", boolean=True, ordering="takes_counts")
    def takes(self, row: Policy) -> bool:
        return bool(row.takes_counts)

    @display(description="Changed", ordering="changed")
    def changed_(self, row: Policy) -> SafeString:
        return moment(row.changed)


def _asked(request: HttpRequest, what: Chosen) -> tuple[str, dict[str, Any]]:
    """Do what the form asks for, inside the tenant: what to tell when it is done, or what the page shows."""
    policy, wish = policies.current(), request.POST.get("do", "")
    form = PolicyForm(request.POST if request.method == "POST" else None, policy=policy)
    page: dict[str, Any] = {"form": form, "own": bool(policy.weights), "modes": MODES}
    if request.method != "POST":
        return "", page
    if wish in {"save", "reset"} and not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if wish == "reset":
        promotions.change_weights(None, evidence={"asked": "the product's weights"})
        return SAVED.format(tenant=what.tenant), page
    if not form.is_valid():
        return "", page
    if wish == "save":
        wanted = form.wanted()
        put_into_force(wanted.weights, **wanted.others)
        return SAVED.format(tenant=what.tenant), page
    return "", page | would_change(policy, form.wanted(), what.period)


def _address(what: Chosen) -> str:
    tenant_id = what.tenant_id or ""
    return f"{reverse('admin:routing_what_if')}?tenant={tenant_id}&period={what.period.name}"
