from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('mail', '0006_urgent_required'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='outboxmail',
            index=models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['-urgent', 'next_attempt_at', 'id'], name='mails_in_turn'),
        ),
    ]
