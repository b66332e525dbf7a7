from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("members", "0006_members_by_usage_sound"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="member",
            index=models.Index(fields=["phone"], name="member_phone"),
        ),
    ]
