from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("members", "0011_beneficiaries_by_birth_sound"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="beneficiary",
            index=models.Index(
                fields=["usage_sound", "birth_date"],
                name="beneficiary_usage_sound",
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
        ),
    ]
