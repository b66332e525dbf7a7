import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vault', '0020_relocated_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='joined_at',
            field=models.DateTimeField(help_text='since when', null=True),
        ),
        migrations.AddField(
            model_name='document',
            name='joined_count',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='of how many others an agent made it'),
        ),
        migrations.AddField(
            model_name='document',
            name='joined_into',
            field=models.ForeignKey(db_index=False, help_text='the one that an agent made of it and of others, which is treated in its place', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='joined_from', to='vault.document'),
        ),
        migrations.AddField(
            model_name='document',
            name='joined_rank',
            field=models.PositiveSmallIntegerField(help_text='among these, from 1', null=True),
        ),
    ]
