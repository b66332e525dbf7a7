from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("journal", "0002_entries_of_a_file"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="entry",
            index=models.Index(fields=["event", "at", "id"], name="entries_of_an_event"),
        ),
        AddIndexConcurrently(
            model_name="entry",
            index=models.Index(fields=["actor", "at", "id"], name="entries_of_an_actor"),
        ),
        AddIndexConcurrently(
            model_name="entry",
            index=models.Index(fields=["subject", "at", "id"], name="entries_of_a_subject"),
        ),
    ]
