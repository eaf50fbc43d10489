"""Memories hold notes beside results, say who their words come from and how far they are found; vectors stand apart."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import pgvector.django
import uuid_utils.compat
from django.db import migrations, models
from django.db.models.functions import Cast

import tenants.owned
from miosa.pg.composite import CompositeForeignKey
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together

KINDS = [("result", "what a step made"), ("note", "what somebody was told to remember")]
ORIGINS = [
    ("person", "a person said it"),
    ("result", "a step made it, and its checks passed"),
    ("agent", "an agent wrote it"),
    ("tool", "a tool put it out: a page, a file, a program"),
]
SCOPES = [("tenant", "everywhere"), ("project", "in its project"), ("conversation", "in its conversation")]
INDEXED_DIMENSIONS = (384, 768, 1024, 1536, 3072)

# Under the wall the owner of the tables sees no row. Constraints that wait for the commit would bar the next ALTER.
MOVED = """
SET LOCAL ROLE miosa_platform;
INSERT INTO agents_memoryvector (id, tenant_id, memory_id, model, dimensions, pattern, created)
  SELECT uuidv7(), tenant_id, id, embedded_by, vector_dims(pattern), pattern, created FROM agents_memory;
UPDATE agents_memory m SET remembered_by = 'agent:' || m.agent, importance = m.confidence / 10,
    conversation = coalesce((SELECT e.conversation FROM agents_step s
      JOIN agents_execution e ON e.tenant_id = s.tenant_id AND e.id = s.execution_id
      WHERE s.tenant_id = m.tenant_id AND s.id = m.step_id), '');
RESET ROLE;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED"""
MOVED_BACK = """
SET LOCAL ROLE miosa_platform;
DELETE FROM agents_memory m WHERE m.kind <> 'result' OR NOT EXISTS (SELECT FROM agents_memoryvector v
  WHERE v.tenant_id = m.tenant_id AND v.memory_id = m.id AND v.dimensions = 384);
UPDATE agents_memory m SET (pattern, embedded_by) = (SELECT v.pattern, left(v.model, 40) FROM agents_memoryvector v
  WHERE v.tenant_id = m.tenant_id AND v.memory_id = m.id AND v.dimensions = 384 ORDER BY v.created LIMIT 1);
RESET ROLE;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED"""
# The scope is called like the route now; nothing could be done with it before.
RENAMED = """
SET LOCAL ROLE miosa_platform;
UPDATE public.tenants_apikey SET scopes = array_replace(scopes, '{0}', '{1}') WHERE '{0}' = ANY(scopes);
UPDATE public.tenants_session SET scopes = array_replace(scopes, '{0}', '{1}') WHERE '{0}' = ANY(scopes);
RESET ROLE"""
# The words as they are written, of every language; a tsvector holds less than a megabyte.
WORDS = """ALTER TABLE agents_memory ADD COLUMN words tsvector GENERATED ALWAYS AS
  (to_tsvector('simple'::regconfig, left(request, 20000) || ' ' || left(text, 100000))) STORED"""


def _vector_index(dimensions: int) -> pgvector.django.HnswIndex:
    fixed = Cast("pattern", pgvector.django.HalfVectorField(dimensions=dimensions))
    return pgvector.django.HnswIndex(
        django.contrib.postgres.indexes.OpClass(fixed, name="halfvec_cosine_ops"),
        name=f"memory_vectors_{dimensions}",
        m=16,
        ef_construction=64,
        condition=models.Q(dimensions=dimensions),
    )


ADDED = [
    ("kind", models.CharField(choices=KINDS, default="result", max_length=8)),
    ("origin", models.CharField(choices=ORIGINS, default="result", max_length=8)),
    (
        "source",
        models.CharField(
            blank=True, default="", help_text="which tool, page or file it came from", max_length=200
        ),
    ),
    (
        "remembered_by",
        models.CharField(default="", help_text="user:<id>, key:<id> or agent:<kind>", max_length=60),
    ),
    ("scope", models.CharField(choices=SCOPES, default="tenant", max_length=12)),
    (
        "project",
        models.ForeignKey(
            db_constraint=False,
            db_index=False,
            null=True,
            on_delete=django.db.models.deletion.CASCADE,
            related_name="+",
            to="deployments.project",
        ),
    ),
    ("conversation", models.CharField(blank=True, default="", max_length=80)),
    ("importance", models.FloatField(default=0.5, help_text="0 to 1; 0.5 counts as it is")),
    (
        "expires",
        models.DateTimeField(null=True, help_text="from then on it is not recalled, and soon gone"),
    ),
    ("edited", models.DateTimeField(null=True)),
    ("edited_by", models.CharField(blank=True, default="", max_length=60)),
    ("recalled", models.DateTimeField(null=True, help_text="when an agent last recalled it")),
]
WITHOUT_DEFAULT = {"source", "remembered_by", "conversation", "edited_by"}
VECTOR_FIELDS = [
    (
        "id",
        models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False),
    ),
    ("model", models.CharField(help_text="the embeddings model that made it", max_length=80)),
    ("dimensions", models.PositiveSmallIntegerField()),
    ("pattern", pgvector.django.HalfVectorField()),
    ("created", models.DateTimeField(auto_now_add=True)),
    (
        "memory",
        models.ForeignKey(
            db_constraint=False,
            db_index=False,
            on_delete=django.db.models.deletion.CASCADE,
            related_name="vectors",
            to="agents.memory",
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
]
# Made at the end of the migration, when the rows are there.
VECTOR_INDEXES = [
    models.Index(fields=["tenant", "model", "memory"], name="memory_vectors_by_model"),
    *map(_vector_index, INDEXED_DIMENSIONS),
]
VECTOR_CONSTRAINTS = [
    models.UniqueConstraint(fields=("tenant", "id"), name="agents_memoryvector_of_tenant"),
    models.UniqueConstraint(fields=("tenant", "memory", "model"), name="one_vector_of_a_model"),
    models.CheckConstraint(
        condition=models.Q(
            dimensions=models.Func(
                models.F("pattern"), function="vector_dims", output_field=models.IntegerField()
            )
        ),
        name="memory_vector_has_its_dimensions",
    ),
]


@together
class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0004_control_of_executions"),
        ("deployments", "0002_projects_and_deployments"),
        ("tenants", "0003_sessions_people_audit_and_secrets"),
    ]
    operations = [
        *(
            migrations.AddField("memory", name, field, preserve_default=name not in WITHOUT_DEFAULT)
            for name, field in ADDED
        ),
        migrations.AlterField(
            "memory",
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
        migrations.AlterField("memory", "agent", models.CharField(blank=True, max_length=20)),
        migrations.AlterField("memory", "request", models.TextField(blank=True)),
        migrations.AlterField(
            "memory",
            "confidence",
            models.DecimalField(decimal_places=2, help_text="of a result", max_digits=4, null=True),
        ),
        migrations.CreateModel(
            "MemoryVector",
            fields=VECTOR_FIELDS,
            options={"abstract": False, "indexes": VECTOR_INDEXES, "constraints": VECTOR_CONSTRAINTS},
        ),
        EnableRowLevelSecurity("memoryvector"),
        CompositeForeignKey("memoryvector", "memory", to="agents.Memory", on_delete="CASCADE"),
        CompositeForeignKey("memory", "project", to="deployments.Project", on_delete="CASCADE"),
        # Only a moment may be without pattern: the way back fills it before it is required again.
        migrations.RemoveIndex("memory", "memory_pattern_hnsw"),
        migrations.AlterField(
            "memory", "pattern", pgvector.django.HalfVectorField(dimensions=384, null=True)
        ),
        migrations.AlterField("memory", "embedded_by", models.CharField(max_length=40, null=True)),
        migrations.RunSQL(MOVED, MOVED_BACK),
        migrations.RemoveField("memory", "pattern"),
        migrations.RemoveField("memory", "embedded_by"),
        migrations.RenameField("memory", "output", "text"),
        migrations.RunSQL(
            RENAMED.format("memory:read", "memories:read"), RENAMED.format("memories:read", "memory:read")
        ),
        migrations.RunSQL(WORDS, "ALTER TABLE agents_memory DROP COLUMN words"),
        migrations.RemoveConstraint("memory", "one_memory_per_step"),
        migrations.RemoveConstraint("memory", "memory_confidence_0_to_10"),
        migrations.AddConstraint(
            "memory",
            models.UniqueConstraint(
                fields=("tenant", "step"), condition=models.Q(kind="result"), name="one_memory_per_step"
            ),
        ),
        migrations.AddConstraint(
            "memory",
            models.CheckConstraint(
                condition=models.Q(confidence__isnull=True) | models.Q(confidence__gte=0, confidence__lte=10),
                name="memory_confidence_0_to_10",
            ),
        ),
        migrations.AddConstraint(
            "memory",
            models.CheckConstraint(
                condition=models.Q(importance__gte=0, importance__lte=1), name="memory_importance_0_to_1"
            ),
        ),
        migrations.AddConstraint(
            "memory",
            models.CheckConstraint(
                condition=models.Q(scope="tenant")
                | models.Q(scope="project", project__isnull=False)
                | (models.Q(scope="conversation") & ~models.Q(conversation="")),
                name="memory_scope_has_its_place",
            ),
        ),
        migrations.AddIndex("memory", models.Index(fields=["tenant", "-created"], name="memories_by_time")),
        migrations.AddIndex(
            "memory",
            models.Index(
                fields=["tenant", "id"],
                include=["scope", "project", "conversation", "kind", "expires"],
                name="memories_by_place",
            ),
        ),
        migrations.AddIndex(
            "memory",
            models.Index(
                fields=["expires"], condition=models.Q(expires__isnull=False), name="memories_expire"
            ),
        ),
    ]
