import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0001_initial'),
        ('vault', '0006_documents_by_origin'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='answers',
            field=models.ForeignKey(help_text='the one it replaces', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='answered_by', to='vault.document'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('state', 'checked')), fields=['checked_at'], name='documents_checked'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('state', 'received')), fields=['at'], name='documents_received'),
        ),
    ]
