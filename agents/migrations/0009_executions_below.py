"""An execution may hand a part of its task on to one of its own, with a share of its money."""

from django.db import migrations, models

from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [("agents", "0008_tools_and_artefacts")]
    operations = [
        migrations.AddField(
            "execution",
            "parent_id",
            models.UUIDField(null=True, help_text="the execution that handed this task on"),
        ),
        migrations.AddField(
            "execution",
            "parent_use_id",
            models.UUIDField(null=True, help_text="the use of a tool that it answers"),
        ),
        migrations.AddField(
            "execution",
            "depth",
            models.PositiveSmallIntegerField(default=0, help_text="executions above it"),
        ),
        migrations.AddField(
            "execution",
            "lent_micros",
            models.BigIntegerField(
                default=0, help_text="of its ceiling, what executions below it may use or have used"
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                condition=models.Q(("parent_id__isnull", False)),
                fields=["tenant", "parent_id"],
                name="executions_below",
            ),
        ),
        migrations.AddConstraint(
            "execution",
            models.UniqueConstraint(fields=("tenant", "parent_use_id"), name="one_execution_per_use"),
        ),
    ]
