"""What was adopted is watched on, with a few executions held out."""

from django.db import migrations, models

from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [("agents", "0013_lessons_of_errors")]

    operations = [
        migrations.AddField(
            "proposal",
            "watch",
            models.JSONField(
                default=list, help_text="both arms since it was adopted, over each stretch of its watch"
            ),
        ),
        migrations.AlterField(
            "proposal",
            "share",
            models.FloatField(
                default=0,
                help_text="share of new executions that ask with it; adopted, below 1 while it is watched",
            ),
        ),
        migrations.AlterField(
            "proposal",
            "state",
            models.CharField(
                choices=[
                    ("draft", "waits to be tested"),
                    ("testing", "is being replayed on stored work"),
                    ("accepted", "proved better; waits for its turn"),
                    ("rolling", "a share of new executions asks with it"),
                    ("adopted", "new executions ask with it"),
                    ("rejected", "did not prove better"),
                    ("reverted", "did harm, or was taken back"),
                    ("refused", "a person said no, or wrote another version"),
                ],
                default="draft",
                max_length=8,
            ),
        ),
    ]
