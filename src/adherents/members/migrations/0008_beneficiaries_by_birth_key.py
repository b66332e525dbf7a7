from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("members", "0007_members_by_phone"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="beneficiary",
            index=models.Index(fields=["birth_key", "first_key"], name="beneficiary_birth_key", opclasses=["varchar_pattern_ops", "varchar_pattern_ops"]),
        ),
    ]
