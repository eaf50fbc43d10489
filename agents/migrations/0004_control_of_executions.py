"""Executions can be paused, go on from another one, and say why they ended."""

from django.db import migrations, models

from miosa.pg.together import together

CAUSES = [
    ("", "None"),
    ("error", "a step could not be done"),
    ("cancelled", "somebody cancelled it"),
    ("money", "its money was used up"),
    ("tokens", "it used more tokens than one execution may"),
    ("steps", "it has more steps than one execution may"),
    ("time", "it worked for longer than one execution may"),
    ("repeats", "it did the same thing again and again"),
]
STATES = [
    ("waiting", "waits for other steps"),
    ("ready", "waits for a worker"),
    ("held", "waits until its execution goes on"),
    ("running", "Running"),
    ("completed", "Completed"),
    ("failed", "Failed"),
    ("skipped", "skipped, since a step it needs failed"),
    ("cancelled", "Cancelled"),
]


@together
class Migration(migrations.Migration):
    dependencies = [("agents", "0003_going_online")]
    operations = [
        migrations.AddField(
            "execution",
            "origin_id",
            models.UUIDField(null=True, help_text="the execution it goes on from, where it is no new task"),
        ),
        migrations.AddField(
            "execution",
            "origin_step",
            models.CharField(
                blank=True,
                default="",
                help_text="the step from which it is done anew",
                max_length=40,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "execution",
            "paused",
            models.DateTimeField(null=True, help_text="since when no step of it begins"),
        ),
        migrations.AddField(
            "execution",
            "cause",
            models.CharField(blank=True, choices=CAUSES, default="", max_length=10),
        ),
        migrations.AddField(
            "step", "cause", models.CharField(blank=True, choices=CAUSES, default="", max_length=10)
        ),
        migrations.AlterField(
            "step", "state", models.CharField(choices=STATES, default="waiting", max_length=10)
        ),
    ]
