from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("members", "0003_search_keys"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="member",
            index=models.Index(fields=["first_key"], name="member_first_key", opclasses=["varchar_pattern_ops"]),
        ),
    ]
