"""The keys that sign access tokens: their public halves. They are made and rotated by `manage.py keys`."""

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from miosa.pages.cells import badge, data, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts
from tenants import signing_keys
from tenants.models import SigningKey


@admin.register(SigningKey)
class SigningKeyAdmin(Columns, Facts):
    """Of the installation, not of a tenant; the sealed private half is not shown."""

    list_display = ("kid", "algorithm", "state", "created_", "retired", "expires")
    list_filter = ("algorithm", "created")
    list_select_related = False
    ordering = ("-created",)
    fields = (("kid", "algorithm", "state"), ("created_", "retired", "expires"), "public")

    @display(description="State")
    def state(self, row: SigningKey) -> SafeString:
        now = timezone.now()
        if signing_keys.signs(row, now):
            return badge("active")
        if signing_keys.verifies(row, now):
            return badge("waiting", text="verifies only", hint="Until the last token it signed has expired.")
        return badge("expired")

    @display(description="Retired", ordering="retired_at")
    def retired(self, row: SigningKey) -> SafeString:
        return moment(row.retired_at)

    @display(description="Expires", ordering="expires_at")
    def expires(self, row: SigningKey) -> SafeString:
        return moment(row.expires_at)

    @display(description="Public half (JWK)")
    def public(self, row: SigningKey) -> SafeString:
        return data(row.public_jwk)
