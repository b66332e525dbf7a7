from django.db import migrations, models

from adherents.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('vault', '0014_parts'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='document',
            index=models.Index(condition=models.Q(('part_of__isnull', False)), fields=['part_of', 'first_page'], name='documents_parts'),
        ),
    ]
