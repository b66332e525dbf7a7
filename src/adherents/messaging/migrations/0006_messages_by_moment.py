from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("messaging", "0005_tallies")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(fields=["at"], name="messages_by_moment"),
        ),
    ]
