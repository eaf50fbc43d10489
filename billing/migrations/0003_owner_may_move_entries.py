"""A tenant that moves or is erased takes its ledger along; the application still cannot delete."""

from django.db import migrations

from miosa.pg.append_only import owner_may_delete


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_statistics_spend_by_day")]

    operations = [owner_may_delete("billing_ledgerentry")]
