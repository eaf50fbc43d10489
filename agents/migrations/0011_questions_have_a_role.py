"""Records are asked for by a role that reads the columns on offer, of one tenant, and can become nobody else."""

from django.db import migrations

from agents.offered import RIGHTS
from miosa.pg.reader import MakeReader, OfferToReader


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0010_looks_have_an_owner"),
        ("routing", "0006_daily_caps"),
        ("billing", "0013_budgets_of_a_day"),
        ("deployments", "0003_approval_policies"),
    ]
    operations = [MakeReader(), OfferToReader(RIGHTS)]
