"""What keys may ask of the gateway, what its cache holds and saves, and what is stored of calls."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.money import format_usd
from miosa.pages.cells import badge, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts
from routing.models import CachedAnswer, Exchange, KeyPolicy


@admin.register(KeyPolicy)
class KeyPolicyAdmin(Columns, Facts):
    """The guard rails of keys; they are changed over the API, by the tenant itself."""

    list_display = (
        "whose",
        "tenant",
        "models_",
        "input_",
        "output_",
        "minute",
        "cache_",
        "bodies",
        "changed_",
    )
    list_filter = ("tenant", "cache", "keeps_bodies")
    ordering = ("tenant__slug", "key_id")

    @display(description="Key", ordering="key_id")
    def whose(self, row: KeyPolicy) -> str:
        return str(row)

    @display(description="Models")
    def models_(self, row: KeyPolicy) -> str:
        return ", ".join(row.allowed_models) or "all"

    @display(description="Input", ordering="most_input_tokens")
    def input_(self, row: KeyPolicy) -> str:
        return _tokens(row.most_input_tokens)

    @display(description="Output", ordering="most_output_tokens")
    def output_(self, row: KeyPolicy) -> str:
        return _tokens(row.most_output_tokens)

    @display(description="A minute", ordering="tokens_per_minute")
    def minute(self, row: KeyPolicy) -> str:
        return _tokens(row.tokens_per_minute)

    @display(description="Cache", ordering="cache")
    def cache_(self, row: KeyPolicy) -> SafeString:
        return badge("" if row.cache == KeyPolicy.Cache.OFF else "ready", text=row.cache)

    @display(description="Stores bodies", boolean=True, ordering="keeps_bodies")
    def bodies(self, row: KeyPolicy) -> bool:
        return bool(row.keeps_bodies)

    @display(description="Changed", ordering="changed")
    def changed_(self, row: KeyPolicy) -> SafeString:
        return moment(row.changed)


@admin.register(CachedAnswer)
class CachedAnswerAdmin(Columns, Facts):
    """Answers that are given again, and what each has saved."""

    list_display = ("model", "tenant", "hits", "saved", "tokens", "created_", "expires_")
    list_filter = ("tenant", "model", "expires")
    ordering = ("-created",)
    exclude = ("digest", "frame", "pattern")

    @display(description="Saved")
    def saved(self, row: CachedAnswer) -> str:
        return format_usd(row.hits * row.cost_micros)

    @display(description="Kept", ordering="created")
    def created_(self, row: CachedAnswer) -> SafeString:
        return moment(row.created)

    @display(description="Until", ordering="expires")
    def expires_(self, row: CachedAnswer) -> SafeString:
        return moment(row.expires)


@admin.register(Exchange)
class ExchangeAdmin(Columns, Facts):
    """Requests and answers, of tenants who want them stored."""

    list_display = ("created_", "tenant", "decision", "without_", "expires_")
    list_filter = ("tenant", "redacted", "created")
    ordering = ("-created",)

    @display(description="Of", ordering="created")
    def created_(self, row: Exchange) -> SafeString:
        return moment(row.created)

    @display(description="Decision")
    def decision(self, row: Exchange) -> str:
        return str(row.pk)

    @display(description="Redacted", boolean=True, ordering="redacted")
    def without_(self, row: Exchange) -> bool:
        return bool(row.redacted)

    @display(description="Until", ordering="expires")
    def expires_(self, row: Exchange) -> SafeString:
        return moment(row.expires)


def _tokens(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"
