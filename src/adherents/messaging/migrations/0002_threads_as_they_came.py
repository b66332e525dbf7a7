from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messaging", "0001_initial"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="thread",
            index=models.Index(fields=["opened_at", "id"], name="threads_as_they_came"),
        ),
    ]
