from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vault', '0005_keeping'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['member', 'origin', '-at', 'place', 'id'], name='documents_by_origin'),
        ),
    ]
