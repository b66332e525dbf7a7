from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('vault', '0021_joined'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='document',
            index=models.Index(condition=models.Q(('joined_into__isnull', False)), fields=['joined_into', 'joined_rank'], name='documents_joined'),
        ),
    ]
