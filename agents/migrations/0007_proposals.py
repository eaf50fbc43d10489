"""Proposals of improvement and their trials."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.composite import CompositeForeignKey
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0006_schedules"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("agent", models.CharField(max_length=20)),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("prompt", "a sentence in a prompt"),
                            ("example", "an example"),
                            ("plan_rule", "a rule for plans"),
                            ("tool", "a tool used before asking"),
                            ("model", "the model asked first"),
                        ],
                        max_length=10,
                    ),
                ),
                ("base_version", models.CharField(help_text="prompt version it changes", max_length=12)),
                ("new_version", models.CharField(help_text="prompt version it makes", max_length=12)),
                ("change", models.JSONField()),
                ("fingerprint", models.CharField(help_text="the same for the same change", max_length=12)),
                ("diff", models.TextField()),
                ("cause", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "waits to be tested"),
                            ("testing", "is being replayed on stored work"),
                            ("accepted", "proved better; waits until another rollout ends"),
                            ("rolling", "a share of new steps asks with it"),
                            ("adopted", "every new step asks with it"),
                            ("rejected", "did not prove better"),
                            ("reverted", "did harm, or was taken back"),
                            ("refused", "a person said no, or wrote another version"),
                        ],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="why it is in this state")),
                (
                    "looks",
                    models.PositiveSmallIntegerField(default=0, help_text="times its replays were looked at"),
                ),
                (
                    "replays",
                    models.JSONField(default=dict, help_text="pairs, means, wins, cost of the last look"),
                ),
                (
                    "bound",
                    models.FloatField(
                        help_text="lower bound of the difference new - old, -1 to 1", null=True
                    ),
                ),
                (
                    "share",
                    models.FloatField(
                        default=0, help_text="share of new steps that ask with it while it is rolled out"
                    ),
                ),
                (
                    "comparison",
                    models.JSONField(default=dict, help_text="both arms of the rollout and their bounds"),
                ),
                (
                    "decided_by",
                    models.CharField(
                        blank=True, help_text="user:<id>, key:<id>, staff:<id> or system", max_length=60
                    ),
                ),
                ("due", models.DateTimeField(help_text="when it is looked at next by itself", null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("rolled", models.DateTimeField(help_text="since when a share asks with it", null=True)),
                ("ended", models.DateTimeField(null=True)),
                (
                    "lesson",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="agents.lesson",
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
                    models.Index(fields=["tenant", "agent", "state"], name="proposals_by_agent"),
                    models.Index(
                        condition=models.Q(("due__isnull", False)), fields=["due"], name="proposals_due"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="agents_proposal_of_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant", "agent", "number"), name="proposal_number_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "rolling")),
                        fields=("tenant", "agent"),
                        name="one_rollout_per_agent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("share__gte", 0), ("share__lte", 1)), name="proposal_share_0_to_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "rolling"), _negated=True),
                            ("rolled__isnull", False),
                            _connector="OR",
                        ),
                        name="rolling_since_when",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProposalTrial",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("input_digest", models.CharField(help_text="of what both arms were given", max_length=64)),
                ("look", models.PositiveSmallIntegerField()),
                ("old_first", models.BooleanField()),
                ("old_score", models.FloatField()),
                ("new_score", models.FloatField()),
                ("old_evidence", models.JSONField(default=list)),
                ("new_evidence", models.JSONField(default=list)),
                ("old_model", models.CharField(blank=True, max_length=80)),
                ("new_model", models.CharField(blank=True, max_length=80)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not judged"),
                            ("old", "the old one is better"),
                            ("new", "the new one is better"),
                            ("tie", "neither is better"),
                        ],
                        default="",
                        max_length=4,
                    ),
                ),
                ("judge", models.CharField(blank=True, help_text="the model that judged", max_length=80)),
                ("judge_reason", models.TextField(blank=True)),
                ("shown_old_first", models.BooleanField(null=True)),
                ("difference", models.FloatField(help_text="new - old, -1 to 1")),
                ("cost_micros", models.BigIntegerField(default=0, help_text="of both arms and the judge")),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "proposal",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="trials",
                        to="agents.proposal",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="agents.step",
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="agents_proposaltrial_of_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant", "proposal", "input_digest"), name="one_trial_per_input"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("difference__gte", -1), ("difference__lte", 1)),
                        name="trial_difference_within_1",
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("proposal"),
        EnableRowLevelSecurity("proposaltrial"),
        CompositeForeignKey("proposal", "lesson", to="agents.Lesson", on_delete="CASCADE"),
        CompositeForeignKey("proposaltrial", "proposal", to="agents.Proposal", on_delete="CASCADE"),
        CompositeForeignKey("proposaltrial", "step", to="agents.Step", on_delete="CASCADE"),
    ]
