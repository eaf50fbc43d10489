"""Guard rails of keys, answers that are given again, and what is stored of calls where a key's policy wants that."""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgvector.django.halfvec
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0004_knowledge_feedback_and_pool"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="CachedAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("frame", models.BinaryField(max_length=32)),
                ("pattern", pgvector.django.halfvec.HalfVectorField(dimensions=384, null=True)),
                ("answer", models.JSONField()),
                ("model", models.CharField(max_length=80)),
                ("provider", models.CharField(max_length=40)),
                ("tokens", models.PositiveIntegerField()),
                ("cost_micros", models.BigIntegerField(help_text="what the answer cost, and each hit saves")),
                ("hits", models.PositiveIntegerField(default=0)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("expires", models.DateTimeField()),
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
                    models.Index(fields=["tenant", "frame"], name="cached_by_frame"),
                    models.Index(fields=["tenant", "expires"], name="cached_by_end"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_cachedanswer_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "digest"), name="answer_cached_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Exchange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("request", models.JSONField()),
                ("answer", models.TextField()),
                ("redacted", models.BooleanField()),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("expires", models.DateTimeField()),
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
                "indexes": [models.Index(fields=["tenant", "expires"], name="exchanges_by_end")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_exchange_of_tenant")
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyPolicy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "key_id",
                    models.UUIDField(
                        blank=True, help_text="empty: all keys without a policy of their own", null=True
                    ),
                ),
                (
                    "allowed_models",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80),
                        blank=True,
                        default=list,
                        help_text="ids; empty: every model",
                        size=None,
                    ),
                ),
                (
                    "most_input_tokens",
                    models.PositiveIntegerField(blank=True, help_text="of one request", null=True),
                ),
                (
                    "most_output_tokens",
                    models.PositiveIntegerField(blank=True, help_text="of one answer", null=True),
                ),
                ("tokens_per_minute", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "cache",
                    models.CharField(
                        choices=[("off", "Off"), ("exact", "Exact"), ("semantic", "Semantic")],
                        default="off",
                        max_length=8,
                    ),
                ),
                (
                    "cache_ttl_s",
                    models.PositiveIntegerField(default=3600, help_text="how long an answer is given again"),
                ),
                (
                    "cache_threshold",
                    models.FloatField(
                        default=0.97,
                        help_text="how alike two questions must be, 0.5 to 1: the cosine of their embeddings",
                    ),
                ),
                (
                    "keeps_bodies",
                    models.BooleanField(default=False, help_text="requests and answers are stored"),
                ),
                (
                    "keep_days",
                    models.PositiveSmallIntegerField(default=30, help_text="then what is stored is deleted"),
                ),
                (
                    "redacts",
                    models.BooleanField(
                        default=True,
                        help_text="secrets and personal data are taken out of what is stored, never of what is sent",
                    ),
                ),
                ("changed", models.DateTimeField(auto_now=True)),
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
                "verbose_name_plural": "key policies",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_keypolicy_of_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant", "key_id"), name="one_policy_per_key", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cache_threshold__gte", 0.5), ("cache_threshold__lte", 1)),
                        name="cache_threshold_half_to_1",
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("cachedanswer"),
        EnableRowLevelSecurity("exchange"),
        EnableRowLevelSecurity("keypolicy"),
    ]
