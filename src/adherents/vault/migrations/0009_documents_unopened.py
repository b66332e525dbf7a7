from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("vault", "0008_sent_as"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="document",
            index=models.Index(
                fields=["at", "id"],
                condition=models.Q(origin="insurer", state="accepted", checked_at=None),
                name="documents_unopened",
            ),
        ),
    ]
