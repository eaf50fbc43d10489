"""How the admin looks: django-unfold's settings, its navigation and its colours."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _page(title: str, icon: str, name: str, *, permission: str = "") -> dict[str, Any]:
    """One line of the navigation; `permission` is what a person needs to see it."""

    def may(request: HttpRequest) -> bool:
        return not permission or request.user.has_perm(permission)

    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}"), "permission": may}


def _rows(title: str, icon: str, model: str) -> dict[str, Any]:
    """The line of a model's list, seen by those who may read it."""
    app, name = model.split(".")
    page = _page(title, icon, f"{app}_{name}_changelist", permission=f"{app}.view_{name}")
    return {**page, "active": lambda request: _shows(request, f"{app}_{name}_")}


def _shows(request: HttpRequest, beginning: str) -> bool:
    """Whether the page at hand is one of a model's own: others may lie below its address."""
    match = request.resolver_match
    return match is not None and (match.url_name or "").startswith(beginning)


NAVIGATION = [
    {
        "title": "",
        "items": [_page("Dashboard", "dashboard", "index")],
    },
    {
        "title": "Work",
        "items": [
            _page("Agents", "smart_toy", "miosa_agents", permission="miosa.view_agentperformance"),
            _rows("Executions", "play_circle", "agents.execution"),
            _rows("Steps", "account_tree", "agents.step"),
            _rows("Files", "attach_file", "agents.artefact"),
            _rows("Tool uses", "build", "agents.tooluse"),
            _rows("Tool rules", "rule", "agents.toolrule"),
            _rows("MCP servers", "hub", "agents.mcpserver"),
            _rows("Schedules", "schedule", "agents.schedule"),
            _rows("Firings", "bolt", "agents.schedulefiring"),
            _rows("Lessons", "school", "agents.lesson"),
            _rows("Proposals", "difference", "agents.proposal"),
            _rows("Replayed pairs", "compare", "agents.proposaltrial"),
            _rows("Memories", "psychology", "agents.memory"),
        ],
    },
    {
        "title": "Deployments",
        "items": [
            _rows("Projects", "folder_open", "deployments.project"),
            _rows("Releases", "inventory_2", "deployments.release"),
            _rows("Services", "dns", "deployments.service"),
            _rows("Deployments", "rocket_launch", "deployments.deployment"),
            _rows("Approvals", "how_to_reg", "deployments.approval"),
            _rows("Approval policies", "rule", "deployments.approvalpolicy"),
            _rows("Sandbox runs", "terminal", "deployments.sandboxrun"),
        ],
    },
    {
        "title": "Routing",
        "items": [
            _page("Gateway", "forum", "routing_gateway", permission="routing.view_modelcall"),
            _page("Router", "hub", "routing_router", permission="routing.view_decision"),
            _page("Reliability", "verified", "routing_reliability", permission="routing.view_outcome"),
            _page("What if", "tune", "routing_what_if", permission="routing.view_policy"),
            _rows("Model performance", "monitoring", "miosa.modelperformance"),
            _rows("Decisions", "alt_route", "routing.decision"),
            _rows("Model calls", "call_made", "routing.modelcall"),
            _rows("Outcomes", "check_circle", "routing.outcome"),
            _rows("Feedback", "thumbs_up_down", "routing.feedback"),
            _rows("Judgements", "gavel", "routing.judgement"),
            _rows("Promotions", "trending_up", "routing.promotion"),
            _rows("Policies", "policy", "routing.policy"),
            _rows("Key policies", "fence", "routing.keypolicy"),
            _rows("Cached answers", "cached", "routing.cachedanswer"),
            _rows("Stored exchanges", "forum", "routing.exchange"),
            _rows("Knowledge", "menu_book", "routing.knowledge"),
            _rows("Calibrations", "straighten", "routing.calibration"),
            _rows("Prompt fits", "edit_note", "routing.promptfit"),
            _rows("Shares of the pool", "pool", "routing.poolshare"),
        ],
    },
    {
        "title": "Money",
        "items": [
            _page("Revenue", "payments", "billing_revenue", permission="billing.view_billingaccount"),
            _page("Usage", "data_usage", "billing_usage", permission="billing.view_ledgerentry"),
            _rows("Ledger", "receipt_long", "billing.ledgerentry"),
            _rows("Spend by day", "bar_chart", "miosa.spendbyday"),
            _rows("Budgets", "savings", "billing.budget"),
            _rows("Credit", "redeem", "billing.grant"),
            _rows("Reservations", "lock_clock", "billing.reservation"),
            _rows("Warnings", "notifications", "billing.spendwarning"),
            _rows("Alerts", "notification_settings", "billing.spendalert"),
            _rows("Reconciliations", "balance", "billing.reconciliation"),
            _rows("Plans", "sell", "billing.planterms"),
            _rows("Prices of use", "price_change", "billing.rate"),
            _rows("Agreements", "handshake", "billing.agreement"),
            _rows("Subscriptions", "card_membership", "billing.subscription"),
            _rows("Accounts at Stripe", "account_balance", "billing.billingaccount"),
            _rows("Steps of subscriptions", "timeline", "billing.standingchange"),
            _rows("Usage told", "outbox", "billing.meterevent"),
            _rows("Calls of Stripe", "call_made", "billing.stripecall"),
            _rows("Inbox of Stripe", "inbox", "billing.stripeevent"),
        ],
    },
    {
        "title": "Tenants",
        "items": [
            _rows("Tenants", "domain", "tenants.tenant"),
            _rows("Host names", "dns", "tenants.domain"),
            _rows("Memberships", "badge", "tenants.membership"),
            _rows("Invitations", "mail", "tenants.invitation"),
            _rows("API keys", "key", "tenants.apikey"),
            _rows("Sessions", "devices", "tenants.session"),
            _rows("Signing keys", "vpn_key", "tenants.signingkey"),
            _rows("Secrets", "password", "tenants.storedsecret"),
            _rows("Audit log", "fact_check", "tenants.auditentry"),
            _rows("Platform's audit log", "policy", "tenants.platformauditentry"),
            _rows("People", "group", "tenants.user"),
            _rows("Staff groups", "admin_panel_settings", "auth.group"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "MIOSA",
    "SITE_HEADER": "MIOSA",
    "SITE_SUBHEADER": "Agents at work",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_DROPDOWN": [
        {"icon": "visibility", "title": "Look at", "link": reverse_lazy("admin:tenants_vantage")},
        {"icon": "api", "title": "API documentation", "link": "/api/v1/docs"},
        {"icon": "vital_signs", "title": "Readiness", "link": "/readyz"},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("miosa/icon.svg")}
    ],
    "STYLES": [lambda _request: static("miosa/admin.css")],
    "ENVIRONMENT": "tenants.admin.vantage.label",
    "DASHBOARD_CALLBACK": "miosa.dashboard.dashboard",
    "GLOBAL_CALLBACK": "tenants.admin.openid.offered",
    "ACCOUNT": {
        "navigation": [{"title": "Second factor", "link": reverse_lazy("staff-second-factor-enrolment")}]
    },
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": NAVIGATION},
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(60% .118 184.704)",
            "700": "oklch(51.1% .096 186.391)",
            "800": "oklch(43.7% .078 188.216)",
            "900": "oklch(38.6% .063 188.416)",
            "950": "oklch(27.7% .046 192.524)",
        }
    },
}
