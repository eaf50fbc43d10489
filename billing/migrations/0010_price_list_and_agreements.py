"""The price list as rows with dates, what is agreed with one tenant, and the plans that ship taken over."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from billing import plans, rates
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.shared import read_only
from miosa.pg.together import together

# Nobody's rows but the platform's: what ships is in force from the beginning, and the admin adds what comes after.
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def take_over(apps: Any, _editor: Any) -> None:
    """Write down the plans and prices that ship, as far as there are none."""
    terms_model, price_model = apps.get_model("billing", "PlanTerms"), apps.get_model("billing", "PlanPrice")
    columns = {one.name for one in terms_model._meta.concrete_fields}
    for slug, plan in plans.shipped().items():
        values = {one.name: getattr(plan, one.name) for one in fields(plan) if one.name in columns}
        values["sandbox_hosts"] = list(plan.sandbox_hosts)
        terms = terms_model.objects.create(plan=slug, effective=BEGINNING, **values)
        price_model.objects.bulk_create(
            price_model(terms=terms, currency=currency, interval=interval, amount_minor=amount)
            for (currency, interval), amount in plan.prices.items()
        )
    rate_model = apps.get_model("billing", "Rate")
    rate_model.objects.bulk_create(
        rate_model(name=name, effective=BEGINNING, price_micros=price)
        for name, price in rates.shipped().items()
    )


@together
class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0009_reserving_and_closing"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.AlterField(
            model_name="subscription",
            name="plan",
            field=models.CharField(
                default="free",
                max_length=40,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[a-z][a-z0-9-]*$", "A plan's name is small letters, digits and hyphens."
                    )
                ],
            ),
        ),
        migrations.CreateModel(
            name="PlanTerms",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "plan",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9-]*$", "A plan's name is small letters, digits and hyphens."
                            )
                        ],
                    ),
                ),
                ("effective", models.DateTimeField(help_text="UTC; these terms count from then on")),
                ("name", models.CharField(max_length=60)),
                (
                    "offered",
                    models.BooleanField(default=True, help_text="whether a tenant may choose it by itself"),
                ),
                ("trial_days", models.PositiveSmallIntegerField(default=0, help_text="0: no trial")),
                (
                    "allowance_micros",
                    models.BigIntegerField(help_text="micro-dollars of use a month that the price includes"),
                ),
                (
                    "execution_ceiling_micros",
                    models.BigIntegerField(help_text="the most one execution may cost, in micro-dollars"),
                ),
                (
                    "executions",
                    models.BigIntegerField(blank=True, help_text="in a month; empty: no limit", null=True),
                ),
                (
                    "seats",
                    models.PositiveIntegerField(
                        blank=True, help_text="members at once; empty: no limit", null=True
                    ),
                ),
                ("sandbox_boxes", models.PositiveIntegerField(help_text="at once")),
                (
                    "sandbox_minutes",
                    models.PositiveIntegerField(
                        blank=True, help_text="in a month; empty: no limit", null=True
                    ),
                ),
                ("sandbox_memory_mb", models.PositiveIntegerField(help_text="of a box")),
                (
                    "sandbox_hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253),
                        blank=True,
                        default=list,
                        help_text="hosts that code in a box may reach, separated by commas; * for any public one; empty: no network",
                        size=None,
                    ),
                ),
                (
                    "services",
                    models.PositiveIntegerField(blank=True, help_text="at once; empty: no limit", null=True),
                ),
                (
                    "deployments",
                    models.PositiveIntegerField(blank=True, help_text="in a day; empty: no limit", null=True),
                ),
                (
                    "hosting_hours",
                    models.PositiveIntegerField(
                        blank=True, help_text="of running apps in a month; empty: no limit", null=True
                    ),
                ),
                (
                    "egress_gb",
                    models.PositiveIntegerField(
                        blank=True, help_text="sent by sites in a month; empty: no limit", null=True
                    ),
                ),
                ("app_memory_mb", models.PositiveIntegerField(help_text="the most one app may use")),
                (
                    "storage_mb",
                    models.PositiveIntegerField(
                        blank=True, help_text="files of all projects; empty: no limit", null=True
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "plan terms",
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "effective"), name="plan_terms_from_one_moment"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("execution_ceiling_micros__gt", 0),
                            ("execution_ceiling_micros__lte", models.F("allowance_micros")),
                        ),
                        name="plan_ceiling_within_allowance",
                        violation_error_message="The ceiling of one execution must lie within the allowance.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("sandbox_hour", "hour of a sandbox"),
                            ("build_hour", "hour of building"),
                            ("hosting_hour", "hour of a running app"),
                            ("egress_gb", "gigabyte sent"),
                            ("memory_thousand_rows_month", "thousand memories for 30 days"),
                            ("seat_month", "member for 30 days"),
                            ("execution", "execution"),
                        ],
                        max_length=40,
                    ),
                ),
                ("effective", models.DateTimeField(help_text="UTC; this price counts from then on")),
                (
                    "price_micros",
                    models.BigIntegerField(
                        help_text="micro-dollars for one unit",
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name", "effective"), name="rate_from_one_moment"),
                    models.CheckConstraint(
                        condition=models.Q(("price_micros__gte", 0)), name="rate_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "term",
                    models.CharField(
                        choices=[
                            ("allowance_micros", "Limit: allowance micros"),
                            ("execution_ceiling_micros", "Limit: execution ceiling micros"),
                            ("executions", "Limit: executions"),
                            ("seats", "Limit: seats"),
                            ("sandbox_boxes", "Limit: sandbox boxes"),
                            ("sandbox_minutes", "Limit: sandbox minutes"),
                            ("sandbox_memory_mb", "Limit: sandbox memory mb"),
                            ("services", "Limit: services"),
                            ("deployments", "Limit: deployments"),
                            ("hosting_hours", "Limit: hosting hours"),
                            ("egress_gb", "Limit: egress gb"),
                            ("app_memory_mb", "Limit: app memory mb"),
                            ("storage_mb", "Limit: storage mb"),
                            ("rate:sandbox_hour", "Price: hour of a sandbox"),
                            ("rate:build_hour", "Price: hour of building"),
                            ("rate:hosting_hour", "Price: hour of a running app"),
                            ("rate:egress_gb", "Price: gigabyte sent"),
                            ("rate:memory_thousand_rows_month", "Price: thousand memories for 30 days"),
                            ("rate:seat_month", "Price: member for 30 days"),
                            ("rate:execution", "Price: execution"),
                        ],
                        max_length=60,
                    ),
                ),
                (
                    "value",
                    models.BigIntegerField(
                        blank=True,
                        help_text="in the term's unit, money in micro-dollars; empty: no limit",
                        null=True,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("effective", models.DateTimeField(help_text="UTC")),
                ("expires", models.DateTimeField(blank=True, help_text="UTC; empty: never", null=True)),
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
                "indexes": [models.Index(fields=["tenant", "effective"], name="agreements_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_agreement_of_tenant"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires__isnull", True), ("expires__gt", models.F("effective")), _connector="OR"
                        ),
                        name="agreement_lasts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("value__isnull", True), ("value__gte", 0), _connector="OR"),
                        name="agreement_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value__isnull", False),
                            models.Q(("term__startswith", "rate:"), _negated=True),
                            _connector="OR",
                        ),
                        name="agreed_price_is_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanPrice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{3}$", "A currency is a code of three capital letters, as in USD."
                            )
                        ],
                    ),
                ),
                ("interval", models.CharField(choices=[("month", "Month"), ("year", "Year")], max_length=5)),
                (
                    "amount_minor",
                    models.BigIntegerField(
                        help_text="in the currency's smallest unit: 1900 is 19.00 USD, or 1,900 JPY",
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="billing.planterms",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("terms", "currency", "interval"), name="one_price_of_terms"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0)), name="plan_price_not_negative"
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("agreement"),
        *read_only("billing.planterms", "billing.planprice", "billing.rate"),
        migrations.RunPython(take_over, migrations.RunPython.noop, hints={"model_name": "planterms"}),
    ]
