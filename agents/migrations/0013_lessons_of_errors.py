"""A lesson about a step that ended in an error has no confidence: nothing came of it that one could be sure of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0012_steps_in_few_messages")]

    operations = [
        migrations.AlterField(
            "lesson",
            "confidence",
            models.DecimalField(
                decimal_places=2,
                help_text="empty where the step ended in an error",
                max_digits=4,
                null=True,
            ),
        ),
    ]
