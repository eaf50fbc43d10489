"""Who still gets a letter about a question stands with the question, so that none is lost."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [("deployments", "0003_approval_policies")]

    operations = [
        migrations.AddField(
            "approval",
            "letters_to",
            ArrayField(
                models.UUIDField(),
                null=True,
                blank=True,
                help_text="people who still get a letter with their link",
            ),
        ),
        migrations.AddField(
            "approval",
            "letters_due",
            models.DateTimeField(null=True, blank=True, help_text="when those are written next"),
        ),
        migrations.AddIndex(
            "approval",
            models.Index(
                condition=models.Q(("letters_due__isnull", False)),
                fields=["letters_due"],
                name="approvals_to_mail",
            ),
        ),
    ]
