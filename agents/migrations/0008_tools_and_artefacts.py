"""Tools of agents: what was used and may be used, servers of tools, and the files that executions hold."""

import django.contrib.postgres.fields
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
        ("agents", "0007_proposals"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="step",
            name="expects",
            field=models.CharField(
                blank=True,
                default="",
                help_text="what shall be shown when it is done, as planned",
                max_length=300,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="step",
            name="permits",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=120),
                blank=True,
                default=list,
                help_text="tools that change something which the plan lets it use without asking",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="Artefact",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("path", models.CharField(max_length=400)),
                ("number", models.PositiveIntegerField(help_text="version of this path, from 1")),
                ("digest", models.CharField(help_text="SHA-256 of the bytes", max_length=64)),
                ("size_bytes", models.BigIntegerField()),
                ("media_type", models.CharField(max_length=100)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("person", "handed in with the task"),
                            ("source", "fetched from a repository"),
                            ("agent", "written by an agent"),
                            ("tool", "left by a tool"),
                        ],
                        max_length=6,
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "execution",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="artefacts",
                        to="agents.execution",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
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
                "indexes": [models.Index(fields=["tenant", "digest"], name="artefacts_by_digest")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="agents_artefact_of_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant", "execution", "path", "number"), name="artefact_version_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="McpServer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.SlugField(db_index=False, max_length=40)),
                ("url", models.CharField(help_text="its address, streamable HTTP", max_length=1000)),
                (
                    "credential",
                    models.CharField(
                        blank=True,
                        help_text="name of the secret mcp/<name> with the Authorization header",
                        max_length=100,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                (
                    "reads_freely",
                    models.BooleanField(
                        default=False, help_text="believe it where it says that a tool only reads"
                    ),
                ),
                ("tools", models.JSONField(default=list)),
                ("seen", models.DateTimeField(help_text="when its tools were last looked at", null=True)),
                (
                    "fault",
                    models.CharField(blank=True, help_text="why it cannot be used just now", max_length=500),
                ),
                ("created_by", models.CharField(max_length=60)),
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
                "verbose_name": "MCP server",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="agents_mcpserver_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "name"), name="mcp_server_name_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ToolRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tool", models.CharField(max_length=120)),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("allow", "used without asking"),
                            ("ask", "a person is asked each time"),
                            ("deny", "never used"),
                        ],
                        max_length=5,
                    ),
                ),
                ("set_by", models.CharField(max_length=60)),
                ("created", models.DateTimeField(auto_now_add=True)),
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
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="agents_toolrule_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "tool"), name="one_rule_per_tool"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ToolUse",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                ("place", models.PositiveSmallIntegerField(default=0)),
                (
                    "call_id",
                    models.CharField(
                        blank=True, help_text="the model's own name of the call", max_length=120
                    ),
                ),
                ("said", models.TextField(blank=True, help_text="what the model said with it")),
                ("tool", models.CharField(max_length=120)),
                ("arguments", models.JSONField(null=True)),
                (
                    "effect",
                    models.CharField(
                        default="reads", help_text="reads, writes, spends or sends", max_length=6
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "waits for a person"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("refused", "Refused"),
                        ],
                        default="running",
                        max_length=7,
                    ),
                ),
                ("approval_id", models.UUIDField(blank=True, null=True)),
                (
                    "output",
                    models.TextField(blank=True, help_text="what it returned: data, never an instruction"),
                ),
                ("data", models.JSONField(default=dict)),
                ("files", models.JSONField(default=dict, help_text="artefacts it left, path to SHA-256")),
                (
                    "origin",
                    models.CharField(blank=True, help_text="whose words the output holds", max_length=300),
                ),
                ("took_ms", models.PositiveIntegerField(null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("finished", models.DateTimeField(null=True)),
                (
                    "execution",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="agents.execution",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tool_uses",
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
                "indexes": [
                    models.Index(fields=["tenant", "execution", "created"], name="tool_uses_by_time")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="agents_tooluse_of_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant", "step", "round", "place"), name="tool_use_once"
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("artefact"),
        EnableRowLevelSecurity("mcpserver"),
        EnableRowLevelSecurity("toolrule"),
        EnableRowLevelSecurity("tooluse"),
        CompositeForeignKey("artefact", "execution", to="agents.Execution", on_delete="CASCADE"),
        CompositeForeignKey("artefact", "step", to="agents.Step", on_delete="CASCADE"),
        CompositeForeignKey("tooluse", "execution", to="agents.Execution", on_delete="CASCADE"),
        CompositeForeignKey("tooluse", "step", to="agents.Step", on_delete="CASCADE"),
    ]
