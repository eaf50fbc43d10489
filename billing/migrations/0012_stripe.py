"""Stripe: customers, what is asked of it once, usage on its way, the inbox of webhooks; late payers begin nothing new."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.bootstrap import APP
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together

RESERVE = """
CREATE OR REPLACE FUNCTION billing_reserve(
  of_tenant uuid, in_month date, for_reference text, as_id uuid, for_keys uuid[], amount bigint, executions bigint,
  lease interval)
RETURNS TABLE (is_new boolean, id uuid, budget_id uuid, key_ids uuid[], amount_micros bigint, actual_micros bigint,
  state varchar, lease_until timestamptz, created timestamptz, closed timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  budget uuid;
BEGIN
  RETURN QUERY
    SELECT false, r.id, r.budget_id, r.key_ids, r.amount_micros, r.actual_micros, r.state, r.lease_until, r.created, r.closed
    FROM billing_reservation r WHERE r.tenant_id = of_tenant AND r.reference = for_reference;
  IF FOUND THEN
    RETURN;
  END IF;
  UPDATE billing_budget b
  SET reserved_micros = b.reserved_micros + amount, executions_used = b.executions_used + executions
  WHERE b.tenant_id = of_tenant AND b.month = in_month AND b.spent_micros + b.reserved_micros + amount <= b.cap_micros
    AND (b.executions_cap IS NULL OR b.executions_used + executions <= b.executions_cap)
    AND NOT EXISTS (
      SELECT FROM billing_billingaccount a WHERE a.tenant_id = of_tenant AND a.standing IN ('restricted', 'paused'))
  RETURNING b.id INTO budget;
  IF budget IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    INSERT INTO billing_reservation AS r
      (id, tenant_id, reference, budget_id, key_ids, amount_micros, state, lease_until, created)
    VALUES (as_id, of_tenant, for_reference, budget, for_keys, amount, 'held', now() + lease, now())
    RETURNING true, r.id, r.budget_id, r.key_ids, r.amount_micros, r.actual_micros, r.state, r.lease_until, r.created, r.closed;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION billing_reserve(
  of_tenant uuid, in_month date, for_reference text, as_id uuid, for_keys uuid[], amount bigint, executions bigint,
  lease interval)
RETURNS TABLE (is_new boolean, id uuid, budget_id uuid, key_ids uuid[], amount_micros bigint, actual_micros bigint,
  state varchar, lease_until timestamptz, created timestamptz, closed timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  budget uuid;
BEGIN
  RETURN QUERY
    SELECT false, r.id, r.budget_id, r.key_ids, r.amount_micros, r.actual_micros, r.state, r.lease_until, r.created, r.closed
    FROM billing_reservation r WHERE r.tenant_id = of_tenant AND r.reference = for_reference;
  IF FOUND THEN
    RETURN;
  END IF;
  UPDATE billing_budget b
  SET reserved_micros = b.reserved_micros + amount, executions_used = b.executions_used + executions
  WHERE b.tenant_id = of_tenant AND b.month = in_month AND b.spent_micros + b.reserved_micros + amount <= b.cap_micros
    AND (b.executions_cap IS NULL OR b.executions_used + executions <= b.executions_cap)
  RETURNING b.id INTO budget;
  IF budget IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    INSERT INTO billing_reservation AS r
      (id, tenant_id, reference, budget_id, key_ids, amount_micros, state, lease_until, created)
    VALUES (as_id, of_tenant, for_reference, budget, for_keys, amount, 'held', now() + lease, now())
    RETURNING true, r.id, r.budget_id, r.key_ids, r.amount_micros, r.actual_micros, r.state, r.lease_until, r.created, r.closed;
END $$;
"""


@together
class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_warnings_and_reconciliations"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledgerentry",
            name="told",
            field=models.BooleanField(
                db_default=False, default=False, help_text="whether the payment service hears of it"
            ),
        ),
        migrations.CreateModel(
            name="StripeEvent",
            fields=[
                (
                    "id",
                    models.CharField(
                        help_text="Stripe's id", max_length=80, primary_key=True, serialize=False
                    ),
                ),
                ("type", models.CharField(max_length=120)),
                ("created", models.DateTimeField(help_text="at Stripe")),
                ("payload", models.JSONField()),
                ("received", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("applied", "Applied"),
                            ("ignored", "nothing to do"),
                            ("parked", "Parked"),
                        ],
                        default="new",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_try", models.DateTimeField()),
                ("error", models.CharField(blank=True, max_length=300)),
                ("finished", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "new")),
                        fields=["next_try"],
                        name="stripe_events_to_apply",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer", models.CharField(help_text="Stripe's id", max_length=80)),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("none", "no subscription"),
                            ("trialing", "on trial"),
                            ("active", "Active"),
                            ("past_due", "payment is late"),
                            ("restricted", "restricted: not paid"),
                            ("paused", "Paused"),
                            ("canceled", "Canceled"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                (
                    "subscription",
                    models.CharField(
                        blank=True, help_text="Stripe's id of the one that counts", max_length=80
                    ),
                ),
                ("plan", models.CharField(blank=True, help_text="that is paid for", max_length=40)),
                ("interval", models.CharField(blank=True, max_length=5)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("started", models.DateTimeField(null=True)),
                ("period_start", models.DateTimeField(null=True)),
                ("period_end", models.DateTimeField(null=True)),
                ("trial_end", models.DateTimeField(null=True)),
                ("cancel_at", models.DateTimeField(help_text="when it ends, if that is decided", null=True)),
                (
                    "unpaid_since",
                    models.DateTimeField(help_text="when the invoice that is late was due", null=True),
                ),
                ("read", models.DateTimeField(help_text="when Stripe was asked last", null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_billingaccount_of_tenant"),
                    models.UniqueConstraint(fields=("tenant",), name="one_billing_account_per_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("minute", models.DateTimeField()),
                ("micros", models.BigIntegerField()),
                ("entries", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("refused", "Refused"),
                            ("old", "too old for Stripe"),
                            ("unsure", "no answer within a day"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("first_tried", models.DateTimeField(null=True)),
                ("next_try", models.DateTimeField(help_text="empty: at once", null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created", models.DateTimeField()),
                ("sent", models.DateTimeField(null=True)),
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
                    models.Index(fields=["tenant", "minute"], name="meter_events_by_minute"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["next_try"],
                        name="meter_events_to_send",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_meterevent_of_tenant")
                ],
            },
        ),
        migrations.CreateModel(
            name="StandingChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "before",
                    models.CharField(
                        choices=[
                            ("none", "no subscription"),
                            ("trialing", "on trial"),
                            ("active", "Active"),
                            ("past_due", "payment is late"),
                            ("restricted", "restricted: not paid"),
                            ("paused", "Paused"),
                            ("canceled", "Canceled"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("none", "no subscription"),
                            ("trialing", "on trial"),
                            ("active", "Active"),
                            ("past_due", "payment is late"),
                            ("restricted", "restricted: not paid"),
                            ("paused", "Paused"),
                            ("canceled", "Canceled"),
                        ],
                        max_length=10,
                    ),
                ),
                ("plan", models.CharField(blank=True, max_length=40)),
                (
                    "until",
                    models.DateTimeField(help_text="when the next step would come by itself", null=True),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("mailed", models.DateTimeField(null=True)),
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
                        condition=models.Q(("mailed__isnull", True)),
                        fields=["created"],
                        name="changes_to_mail",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_standingchange_of_tenant")
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeCall",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cause", models.CharField(max_length=160)),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("method", models.CharField(help_text="of the SDK's client", max_length=60)),
                ("params", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "sent, no answer yet"),
                            ("answered", "Answered"),
                            ("refused", "Refused"),
                        ],
                        default="sent",
                        max_length=8,
                    ),
                ),
                ("answer", models.JSONField(default=dict, help_text="what was kept of it")),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("finished", models.DateTimeField(null=True)),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_stripecall_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "cause", "attempt"), name="stripe_asked_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageToTell",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("micros", models.BigIntegerField(help_text="negative in a reversal")),
                ("moment", models.DateTimeField(help_text="of the entry")),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_usagetotell_of_tenant")
                ],
            },
        ),
        *(
            EnableRowLevelSecurity(name)
            for name in ("billingaccount", "meterevent", "standingchange", "stripecall", "usagetotell")
        ),
        migrations.RunSQL(
            f"REVOKE ALL ON billing_stripeevent FROM {APP}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON billing_stripeevent TO {APP}",
            hints={"model_name": "stripeevent"},
        ),
        migrations.RunSQL(RESERVE, BEFORE),
    ]
