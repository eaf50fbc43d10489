import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import tenants.owned
from miosa.pg.append_only import append_only
from miosa.pg.composite import CompositeForeignKey
from miosa.pg.platform_only import platform_only
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together

# The application finds the person of an identity it was told by a provider, and never a list of them.
IDENTITIES = """
ALTER TABLE tenants_identity ENABLE ROW LEVEL SECURITY;
CREATE POLICY member ON tenants_identity FOR SELECT
  USING (EXISTS (SELECT FROM tenants_membership m WHERE m.user_id = tenants_identity.user_id));
CREATE POLICY newcomer ON tenants_identity FOR INSERT WITH CHECK (true);
CREATE POLICY platform ON tenants_identity TO miosa_platform USING (true) WITH CHECK (true);
REVOKE UPDATE, DELETE ON tenants_identity FROM miosa_app;
CREATE FUNCTION public.person_by_identity(of_issuer text, of_subject text) RETURNS SETOF public.tenants_user
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
  AS 'SELECT u.* FROM public.tenants_user u JOIN public.tenants_identity i ON i.user_id = u.id
      WHERE i.issuer = of_issuer AND i.subject = of_subject';
REVOKE ALL ON FUNCTION public.person_by_identity(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.person_by_identity(text, text) TO miosa_app, miosa_platform;
REVOKE INSERT, UPDATE, DELETE ON tenants_signingkey FROM miosa_app;
"""
EVERYBODY = """
GRANT INSERT, UPDATE, DELETE ON tenants_signingkey TO miosa_app;
GRANT UPDATE, DELETE ON tenants_identity TO miosa_app;
DROP FUNCTION public.person_by_identity(text, text);
DROP POLICY platform ON tenants_identity;
DROP POLICY newcomer ON tenants_identity;
DROP POLICY member ON tenants_identity;
ALTER TABLE tenants_identity DISABLE ROW LEVEL SECURITY;
"""


@together
class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_registry_behind_the_wall"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasureReceipt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "former_tenant",
                    models.UUIDField(
                        db_index=True, help_text="one that was brought back may be erased again"
                    ),
                ),
                ("slug", models.CharField(max_length=48)),
                ("document", models.JSONField()),
                ("signature", models.BinaryField(max_length=32)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-created"],
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("kid", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "algorithm",
                    models.CharField(choices=[("EdDSA", "Eddsa"), ("RS256", "Rs256")], max_length=8),
                ),
                ("public_jwk", models.JSONField()),
                (
                    "key_id",
                    models.CharField(
                        help_text="which master key the private half is sealed with", max_length=16
                    ),
                ),
                ("private_sealed", models.BinaryField(help_text="encrypted with the master key")),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "retired_at",
                    models.DateTimeField(blank=True, help_text="signs nothing new from then on", null=True),
                ),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, help_text="verifies nothing from then on", null=True),
                ),
            ],
            options={
                "ordering": ["-created"],
            },
        ),
        migrations.AlterField(
            model_name="apikey",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="former_digest",
            field=models.BinaryField(editable=False, max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="former_until",
            field=models.DateTimeField(
                blank=True, help_text="until then the secret before the last rotation works too", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="apikey",
            index=models.Index(fields=["tenant", "former_digest"], name="api_keys_by_former_digest"),
        ),
        migrations.AddField(
            model_name="apikey",
            name="budget_micros",
            field=models.PositiveBigIntegerField(
                blank=True,
                help_text="micro-dollars it may spend in a calendar month (UTC); empty: no limit",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                help_text="the key that made this one; it ends with it",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.apikey",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="rate_per_minute",
            field=models.PositiveIntegerField(
                blank=True, help_text="empty: the tenant's own limit", null=True
            ),
        ),
        migrations.CreateModel(
            name="PlatformAuditEntry",
            fields=[
                ("number", models.BigIntegerField(help_text="1, 2, 3 ... without a gap")),
                ("created", models.DateTimeField()),
                (
                    "actor",
                    models.CharField(help_text="user:<id>, key:<id>, staff:<id> or system", max_length=60),
                ),
                ("action", models.CharField(help_text="as in api_key.created", max_length=60)),
                ("object_type", models.CharField(blank=True, max_length=40)),
                ("object_id", models.CharField(blank=True, max_length=80)),
                ("before", models.JSONField(blank=True, null=True)),
                ("after", models.JSONField(blank=True, null=True)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                ("previous", models.BinaryField(max_length=32)),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "platform audit entries",
                "constraints": [
                    models.UniqueConstraint(fields=("number",), name="platform_audit_number_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        help_text="empty: all scopes of the role",
                        null=True,
                        size=None,
                    ),
                ),
                ("user_agent", models.CharField(blank=True, max_length=200)),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "revoked_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("logout", "signed out"),
                            ("reuse", "an old refresh token came back"),
                            ("admin", "ended by an administrator"),
                            ("person", "the person got a new password or was deactivated"),
                        ],
                        max_length=6,
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
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["tenant", "user"], name="sessions_of_person"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_session_of_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RefreshToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
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
                (
                    "session",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="tenants.session",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_refreshtoken_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "digest"), name="refresh_token_digest_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StoredSecret",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(help_text="as in provider/groq", max_length=120)),
                ("key_id", models.CharField(max_length=16)),
                ("sealed", models.BinaryField()),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("updated", models.DateTimeField(auto_now=True)),
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
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_storedsecret_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "name"), name="one_secret_per_name"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.BigIntegerField(help_text="1, 2, 3 ... without a gap")),
                ("created", models.DateTimeField()),
                (
                    "actor",
                    models.CharField(help_text="user:<id>, key:<id>, staff:<id> or system", max_length=60),
                ),
                ("action", models.CharField(help_text="as in api_key.created", max_length=60)),
                ("object_type", models.CharField(blank=True, max_length=40)),
                ("object_id", models.CharField(blank=True, max_length=80)),
                ("before", models.JSONField(blank=True, null=True)),
                ("after", models.JSONField(blank=True, null=True)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                ("previous", models.BinaryField(max_length=32)),
                ("digest", models.BinaryField(max_length=32)),
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
                "verbose_name_plural": "audit entries",
                "abstract": False,
                "indexes": [models.Index(fields=["tenant", "-created"], name="audit_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_auditentry_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "number"), name="audit_number_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("issuer", models.CharField(max_length=300)),
                ("subject", models.CharField(max_length=255)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "identities",
                "constraints": [
                    models.UniqueConstraint(fields=("issuer", "subject"), name="one_identity_per_subject")
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Admin"),
                            ("member", "Member"),
                            ("viewer", "Viewer"),
                        ],
                        default="member",
                        max_length=8,
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "made_with",
                    models.UUIDField(
                        blank=True,
                        help_text="the API key that made it; it is void when the key ends",
                        null=True,
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_invitation_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "digest"), name="invitation_digest_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                        fields=("tenant", "email"),
                        name="one_open_invitation_per_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["owner", "admin", "member", "viewer"])),
                        name="invitation_role_known",
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("session"),
        EnableRowLevelSecurity("refreshtoken"),
        EnableRowLevelSecurity("invitation"),
        EnableRowLevelSecurity("auditentry"),
        EnableRowLevelSecurity("storedsecret"),
        CompositeForeignKey("refreshtoken", "session", to="tenants.Session", on_delete="CASCADE"),
        CompositeForeignKey("apikey", "parent", to="tenants.ApiKey", on_delete="CASCADE"),
        append_only("tenants_auditentry"),
        append_only("tenants_platformauditentry"),
        platform_only("tenants_platformauditentry", "tenants_erasurereceipt"),
        # The admin's own: a session read here would be somebody's way in.
        platform_only("django_session", "django_admin_log", "auth_group", "auth_group_permissions"),
        migrations.RunSQL(IDENTITIES, EVERYBODY),
    ]
