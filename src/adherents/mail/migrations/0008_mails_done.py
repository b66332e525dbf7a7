from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("mail", "0007_mails_in_turn"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="outboxmail",
            index=models.Index(
                condition=models.Q(("next_attempt_at__isnull", True)), fields=["created_at"], name="mails_done"
            ),
        ),
    ]
