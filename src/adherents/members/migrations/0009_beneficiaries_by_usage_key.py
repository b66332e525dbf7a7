from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("members", "0008_beneficiaries_by_birth_key"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="beneficiary",
            index=models.Index(fields=["usage_key", "first_key"], name="beneficiary_usage_key", opclasses=["varchar_pattern_ops", "varchar_pattern_ops"]),
        ),
    ]
