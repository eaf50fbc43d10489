"""Postings: each moves money between two accounts, and an entry says no other sum than its postings do."""

import django.db.models.deletion
import django.db.models.expressions
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.append_only import append_only
from miosa.pg.composite import CompositeForeignKey
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together

# By statement, not by row: a batch is compared at once. The owner moves and restores the tables of a tenant one after
# the other, and nobody but the migrating commands has that login.
CHECKS = """
CREATE FUNCTION billing_entry_is_posted() RETURNS trigger LANGUAGE plpgsql
  SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  IF current_user <> 'miosa_owner' AND EXISTS (
    SELECT FROM fresh f WHERE f.cost_micros <> 0 AND NOT EXISTS (
      SELECT FROM billing_posting p WHERE p.tenant_id = f.tenant_id AND p.entry_id = f.id)) THEN
    RAISE EXCEPTION 'an entry with a cost has no postings: it would not balance' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_is_posted AFTER INSERT ON billing_ledgerentry REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION billing_entry_is_posted();
CREATE FUNCTION billing_postings_match() RETURNS trigger LANGUAGE plpgsql
  SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  IF current_user <> 'miosa_owner' AND EXISTS (
    SELECT FROM (SELECT DISTINCT tenant_id, entry_id, created FROM fresh) f
    JOIN billing_ledgerentry e ON e.tenant_id = f.tenant_id AND e.id = f.entry_id
    WHERE e.created IS DISTINCT FROM f.created OR e.cost_micros IS DISTINCT FROM (
      SELECT coalesce(sum(CASE WHEN p.credit = 'usage' THEN p.amount_micros
                               WHEN p.debit = 'usage' THEN -p.amount_micros ELSE 0 END), 0)
      FROM billing_posting p WHERE p.tenant_id = f.tenant_id AND p.entry_id = f.entry_id)) THEN
    RAISE EXCEPTION 'the postings of an entry do not add up to its cost' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER postings_match AFTER INSERT ON billing_posting REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION billing_postings_match();
"""
# While each tenant has one row, statistics call the tenant's column unique, and any index that begins with it looks as
# good as the right one; a plan made then, and kept, reads all rows of a tenant for each row that is written.
STATISTICS = """
ALTER TABLE billing_ledgerentry ALTER COLUMN tenant_id SET (n_distinct = 100);
ALTER TABLE billing_posting ALTER COLUMN tenant_id SET (n_distinct = 100);
"""
UNCHECK = """
DROP TRIGGER postings_match ON billing_posting; DROP FUNCTION billing_postings_match();
DROP TRIGGER entry_is_posted ON billing_ledgerentry; DROP FUNCTION billing_entry_is_posted();
"""


@together
class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_meters_of_deployments"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Grant",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("allowance", "Allowance"),
                            ("prepaid", "Prepaid"),
                            ("promotion", "Promotion"),
                        ],
                        max_length=9,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("amount_micros", models.BigIntegerField(help_text="as it was granted")),
                ("remaining_micros", models.BigIntegerField()),
                ("priority", models.SmallIntegerField(help_text="the smaller burns first")),
                ("source", models.CharField(max_length=40)),
                ("source_id", models.CharField(max_length=80)),
                ("effective", models.DateTimeField()),
                ("expires", models.DateTimeField(blank=True, help_text="empty: never", null=True)),
                ("created", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.owned.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("remaining_micros__gt", 0)),
                        fields=["tenant", "priority", "expires", "created"],
                        name="grants_to_burn",
                    ),
                    models.Index(
                        condition=models.Q(("remaining_micros__gt", 0)),
                        fields=["expires"],
                        name="grants_to_expire",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_grant_of_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant", "source", "source_id"), name="grant_cause_granted_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_micros__gt", 0)), name="grant_of_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("remaining_micros__gte", 0), ("remaining_micros__lte", models.F("amount_micros"))
                        ),
                        name="grant_remains_within_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires__isnull", True), ("expires__gt", models.F("effective")), _connector="OR"
                        ),
                        name="grant_lasts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "debit",
                    models.CharField(
                        choices=[
                            ("credits", "Credits"),
                            ("usage", "Usage"),
                            ("overage", "Overage"),
                            ("invoiced", "Invoiced"),
                            ("allowance", "Allowances given"),
                            ("prepaid", "Packs sold"),
                            ("promotion", "Promotions given"),
                            ("expired", "Expired credit"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "credit",
                    models.CharField(
                        choices=[
                            ("credits", "Credits"),
                            ("usage", "Usage"),
                            ("overage", "Overage"),
                            ("invoiced", "Invoiced"),
                            ("allowance", "Allowances given"),
                            ("prepaid", "Packs sold"),
                            ("promotion", "Promotions given"),
                            ("expired", "Expired credit"),
                        ],
                        max_length=9,
                    ),
                ),
                ("amount_micros", models.BigIntegerField()),
                ("created", models.DateTimeField()),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="billing.ledgerentry",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.grant",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.owned.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["tenant", "entry"], name="postings_of_entry"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_posting_of_tenant"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_micros__gt", 0)), name="posting_of_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("debit", models.F("credit")), _negated=True),
                        name="posting_between_two_accounts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("debit", "credits"), ("grant__isnull", False)),
                            models.Q(("credit", "credits"), ("grant__isnull", False)),
                            models.Q(
                                ("grant__isnull", True),
                                models.Q(("debit", "credits"), _negated=True),
                                models.Q(("credit", "credits"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="posting_of_credit_names_grant",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="cached_tokens",
            field=models.BigIntegerField(help_text="of the quantity: read from a cache", null=True),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="input_tokens",
            field=models.BigIntegerField(help_text="of the quantity: read, and not from a cache", null=True),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="output_tokens",
            field=models.BigIntegerField(help_text="of the quantity: written", null=True),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="reverses_id",
            field=models.UUIDField(blank=True, help_text="the entry that this one takes back", null=True),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="created",
            field=models.DateTimeField(help_text="when it happened: the moment in the books"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="meter",
            field=models.CharField(
                choices=[
                    ("tokens", "Tokens"),
                    ("executions", "Executions"),
                    ("sandbox_ms", "Sandbox Ms"),
                    ("build_ms", "Build Ms"),
                    ("hosting_s", "Hosting S"),
                    ("egress_bytes", "Egress Bytes"),
                    ("memory_row_days", "Memory Row Days"),
                    ("seat_days", "Seat Days"),
                    ("grant", "Grant"),
                    ("expiry", "Expiry"),
                    ("correction", "Correction"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="quantity",
            field=models.BigIntegerField(help_text="in the meter's unit; negative in a reversal"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("output_tokens__isnull", True),
                    (
                        "quantity",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("input_tokens"), "+", models.F("cached_tokens")
                            ),
                            "+",
                            models.F("output_tokens"),
                        ),
                    ),
                    _connector="OR",
                ),
                name="ledger_tokens_add_up",
            ),
        ),
        EnableRowLevelSecurity("grant"),
        EnableRowLevelSecurity("posting"),
        CompositeForeignKey("posting", "entry", to="billing.LedgerEntry"),
        CompositeForeignKey("posting", "grant", to="billing.Grant"),
        append_only("billing_posting"),
        migrations.RunSQL(CHECKS, UNCHECK),
        migrations.RunSQL(STATISTICS, STATISTICS.replace("SET (n_distinct = 100)", "RESET (n_distinct)")),
    ]
