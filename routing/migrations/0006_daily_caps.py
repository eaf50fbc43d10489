"""What keys, and all of a tenant together, may spend on a day."""

from django.db import migrations, models

from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0005_key_policies_and_cached_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="keypolicy",
            name="daily_micros",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="micro-dollars that the key may spend on a day (UTC)", null=True
            ),
        ),
        migrations.AddField(
            model_name="keypolicy",
            name="tenant_daily_micros",
            field=models.PositiveBigIntegerField(
                blank=True,
                help_text="and all keys of the tenant together; counts in the policy of all keys",
                null=True,
            ),
        ),
    ]
