from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mail', '0002_relay'),
    ]

    operations = [
        migrations.AddField(
            model_name='outboxmail',
            name='bounced_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
