from django.db import migrations, models

import adherents.vault.fields


def fill_name_keys(apps, schema_editor):
    """The documents that were there before: some at a time."""
    documents = apps.get_model("vault", "Document").objects
    for document in documents.filter(name_key="").only("pk", "name").iterator(chunk_size=500):
        documents.filter(pk=document.pk).update(name_key=adherents.vault.fields.name_key(document.name))


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0001_initial'),
        ('vault', '0004_antivirus'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='erased_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='document',
            name='erased_because',
            field=models.CharField(blank=True, choices=[('withdrawn', 'Repris par l’adhérent'), ('retention', 'Fin de sa durée de conservation')], default='', max_length=12),
        ),
        migrations.AddField(
            model_name='document',
            name='name_key',
            field=adherents.vault.fields.NameKeyField(blank=True, default='', editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name='document',
            name='origin',
            field=models.CharField(choices=[('member', 'Adhérent'), ('insurer', 'Mutuelle')], default='member', max_length=8),
        ),
        migrations.AlterField(
            model_name='document',
            name='state',
            field=models.CharField(choices=[('received', 'Reçu'), ('checked', 'Vérifié'), ('in_progress', 'En cours'), ('accepted', 'Accepté'), ('refused', 'Refusé'), ('incomplete', 'À compléter'), ('withdrawn', 'Repris')], default='received', max_length=12),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['member', 'sha256'], name='documents_same_bytes'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['kind', 'state_at'], name='documents_by_retention'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('erased_at__isnull', True), ('erased_because', '')), models.Q(('erased_at__isnull', False), ('wrapped_key', b''), models.Q(('erased_because', ''), _negated=True)), _connector='OR'), name='erased_without_a_key'),
        ),
        migrations.RunPython(fill_name_keys, migrations.RunPython.noop),
    ]
