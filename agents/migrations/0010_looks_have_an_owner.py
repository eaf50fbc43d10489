"""A look at a proposal's replays has one owner and a bill, and an example goes with the memory it was taken from."""

import django.db.models.deletion
from django.db import migrations, models

from miosa.pg.composite import CompositeForeignKey
from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [("agents", "0009_executions_below")]

    operations = [
        migrations.AddField(
            "proposal",
            "fence",
            models.BigIntegerField(default=0, help_text="rises with each worker that begins a look"),
        ),
        migrations.AddField(
            "proposal",
            "attempt",
            models.PositiveSmallIntegerField(default=0, help_text="workers that began the present look"),
        ),
        migrations.AddField(
            "proposal",
            "spent_micros",
            models.BigIntegerField(
                default=0, help_text="what its test has cost, with what came to no pair, in micro-dollars"
            ),
        ),
        migrations.AddField(
            "proposal",
            "memory",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="agents.memory",
            ),
        ),
        migrations.AddIndex(
            "proposal",
            models.Index(
                condition=models.Q(("memory__isnull", False)),
                fields=["tenant", "memory"],
                name="proposals_by_memory",
            ),
        ),
        migrations.AddField(
            "proposaltrial",
            "old_cost_micros",
            models.BigIntegerField(default=0, help_text="of the answer as now"),
        ),
        migrations.AddField(
            "proposaltrial",
            "new_cost_micros",
            models.BigIntegerField(default=0, help_text="of the answer as proposed"),
        ),
        migrations.AlterField(
            "proposal",
            "share",
            models.FloatField(
                default=0, help_text="share of new executions that ask with it while it is rolled out"
            ),
        ),
        migrations.AlterField(
            "proposal",
            "state",
            models.CharField(
                choices=[
                    ("draft", "waits to be tested"),
                    ("testing", "is being replayed on stored work"),
                    ("accepted", "proved better; waits until another rollout ends"),
                    ("rolling", "a share of new executions asks with it"),
                    ("adopted", "every step asks with it"),
                    ("rejected", "did not prove better"),
                    ("reverted", "did harm, or was taken back"),
                    ("refused", "a person said no, or wrote another version"),
                ],
                default="draft",
                max_length=8,
            ),
        ),
        CompositeForeignKey("proposal", "memory", to="agents.Memory", on_delete="CASCADE"),
    ]
