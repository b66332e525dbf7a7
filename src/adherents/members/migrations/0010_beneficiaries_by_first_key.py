from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("members", "0009_beneficiaries_by_usage_key"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="beneficiary",
            index=models.Index(fields=["first_key", "birth_key"], name="beneficiary_first_key", opclasses=["varchar_pattern_ops", "varchar_pattern_ops"]),
        ),
    ]
