"""Changes of standing with their evidence, each with a button that takes it back."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import NONE, badge, data, link, rate, rows_of
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant
from routing import promotions
from routing.models import Promotion
from routing.pictures.changes import changes

TAKEN_BACK = "taken back"


@admin.register(Promotion)
class PromotionAdmin(Columns, Facts):
    """One change: what it is, what it rests on, and whether it still holds."""

    list_display = ("what", "tenant", "of", "evidence", "interval", "state", "actor_", "created_")
    list_filter = ("tenant", "kind", "model", "improved", "created")
    search_fields = ("model", "area", "actor")
    search_help_text = "Search in models, areas and actors"
    ordering = ("-created",)
    fields = (
        ("what", "tenant", "state"),
        ("of", "over", "area"),
        ("evidence", "interval"),
        ("discount", "since"),
        ("before", "after"),
        ("takes_back", "taken_back_by"),
        ("actor_", "created_"),
        "details_",
    )
    actions_detail = ("take_back",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return changes(super().get_queryset(request))

    def has_reversal_permission(self, request: HttpRequest, object_id: str) -> bool:
        """Tell whether this person may take changes back, and whether this one can be."""
        rows = Promotion.objects.filter(pk=object_id).exclude(kind=Promotion.Kind.REVERSAL)
        taken = Promotion.objects.filter(reverts=object_id)
        return request.user.has_perm("routing.change_promotion") and rows.exists() and not taken.exists()

    @after_asking(
        "Take back",
        title="Take this change back?",
        told="Its effect ends with the next decision. Both rows stay, and the audit log names you.",
        button="Take it back",
        icon="undo",
        permission="reversal",
    )
    def take_back(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Revert as the tenant itself would."""
        row = Promotion.objects.select_related("tenant").get(pk=object_id)
        try:
            with as_tenant(row.tenant):
                promotions.revert(row.pk)
        except Problem as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, row, "Taken back.")
            messages.success(request, f"The {row} is taken back.")
        return turn_to(request, reverse("admin:routing_promotion_change", args=[object_id]))

    @display(description="Change", ordering="kind")
    def what(self, row: Promotion) -> str:
        return str(row.get_kind_display()).capitalize()

    @display(description="Model", ordering="model")
    def of(self, row: Promotion) -> str:
        over = f" over {row.over}" if row.over else ""
        where = f" in {row.area}" if row.area else ""
        return f"{row.model}{over}{where}" or NONE

    @display(description="Success", ordering="rate")
    def evidence(self, row: Promotion) -> SafeString:
        return rate(row.successes, row.requests)

    @display(description="95 % interval")
    def interval(self, row: Promotion) -> str:
        if row.low is None or row.high is None:
            return NONE
        return f"{row.low:.1%} to {row.high:.1%}"

    @display(description="State")
    def state(self, row: Any) -> SafeString:
        if row.taken_back:
            return badge("revoked", text=TAKEN_BACK)
        if row.kind == Promotion.Kind.REVERSAL:
            return badge("", text="a reversal")
        if row.kind == Promotion.Kind.EVALUATION:
            return badge("success" if row.improved else "", text="improved" if row.improved else "evaluated")
        return badge("active", text="holds")

    @display(description="By", ordering="actor")
    def actor_(self, row: Promotion) -> str:
        return row.actor or NONE

    @display(description="Scoreboard before")
    def before(self, row: Promotion) -> SafeString:
        return board_link(row.scoreboard_version)

    @display(description="Scoreboard after")
    def after(self, row: Promotion) -> SafeString:
        return board_link(row.scoreboard_after)

    @display(description="Takes back")
    def takes_back(self, row: Promotion) -> SafeString:
        return link("routing_promotion", "the change", to=row.reverts) if row.reverts else SafeString(NONE)

    @display(description="Taken back by")
    def taken_back_by(self, row: Promotion) -> SafeString:
        back = Promotion.objects.filter(tenant_id=row.tenant_id, reverts=row.pk).first()
        text = f"{back.actor or 'somebody'}, {back.created:%d %b %Y %H:%M}" if back else ""
        return link("routing_promotion", text, to=back.pk) if back else SafeString(NONE)

    @display(description="Details")
    def details_(self, row: Promotion) -> SafeString:
        return data(row.details)


def board_link(version: str) -> SafeString:
    """The version of a scoreboard, leading to what it was made from."""
    if not version:
        return SafeString(NONE)
    return format_html(
        '<a class="m-link" href="{}"><code>{}</code></a>', rows_of("routing_knowledge", q=version), version
    )
