import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0012_beneficiaries_by_usage_sound'),
        ('vault', '0013_channel'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='first_page',
            field=models.PositiveIntegerField(help_text='of the one that was sent', null=True),
        ),
        migrations.AddField(
            model_name='document',
            name='last_page',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='document',
            name='part_of',
            field=models.ForeignKey(db_index=False, help_text='the one that was sent, of which an agent made several', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='vault.document'),
        ),
        migrations.AddField(
            model_name='document',
            name='split_at',
            field=models.DateTimeField(help_text='since when its parts are treated in its place', null=True),
        ),
    ]
