from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("members", "0012_beneficiaries_by_usage_sound"),
        ("messaging", "0002_threads_as_they_came"),
        ("vault", "0017_a_file_or_its_photos"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=Q(from_member=False, internal=False),
                fields=["author", "thread"],
                name="messages_answers",
            ),
        ),
        AddIndexConcurrently(
            model_name="thread",
            index=models.Index(fields=["-last_at", "id"], name="threads_by_last"),
        ),
        AddIndexConcurrently(
            model_name="thread",
            index=models.Index(fields=["agent", "-last_at", "id"], name="threads_of_agent"),
        ),
        AddIndexConcurrently(
            model_name="thread",
            index=models.Index(
                condition=Q(closed_at__isnull=True), fields=["-last_at", "id"], name="threads_open_by_last"
            ),
        ),
        AddIndexConcurrently(
            model_name="thread",
            index=models.Index(
                condition=Q(waits_since__isnull=False), fields=["-last_at", "id"], name="threads_waiting"
            ),
        ),
    ]
