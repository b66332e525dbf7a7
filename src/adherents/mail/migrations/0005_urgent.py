from django.db import migrations, models


class Migration(migrations.Migration):
    """Old rows stay empty until they are filled; what the version that serves meanwhile writes gets the default."""

    dependencies = [
        ('mail', '0004_cause'),
    ]

    operations = [
        migrations.AddField(
            model_name='outboxmail',
            name='urgent',
            field=models.BooleanField(help_text='a person waits for it', null=True),
        ),
        migrations.AlterField(
            model_name='outboxmail',
            name='urgent',
            field=models.BooleanField(db_default=False, default=False, help_text='a person waits for it', null=True),
        ),
    ]
