from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("vault", "0018_origin_answer"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="deposit",
            index=models.Index(
                condition=models.Q(("entered_by__isnull", False)),
                fields=["entered_by", "at"],
                name="deposits_by_agent",
            ),
        ),
    ]
