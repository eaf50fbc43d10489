"""Whether the result of an execution shall go online, and what a step waits for between two tries."""

from django.db import migrations, models

from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [("agents", "0002_statistics_agent_performance")]
    operations = [
        migrations.AddField(
            "execution",
            "deploy",
            models.BooleanField(default=False, help_text="whether the result shall go online"),
        ),
        migrations.AddField(
            "execution",
            "environment",
            models.CharField(
                choices=[("preview", "Preview"), ("staging", "Staging"), ("production", "Production")],
                default="preview",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "execution",
            "target",
            models.CharField(default="local", help_text="where to, if it shall", max_length=20),
        ),
        migrations.AddField(
            "step",
            "waits_for",
            models.CharField(blank=True, help_text="what a step waits for between two tries", max_length=300),
        ),
    ]
