import adherents.crypto.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('vault', '0007_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Item',
            fields=[
                ('document', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='item', serialize=False, to='vault.document')),
                ('kind', models.CharField(max_length=40)),
                ('due_on', models.DateField(help_text='the working day by which it should be treated')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('status', models.CharField(choices=[('waiting', 'À traiter'), ('decided', 'Décidé, encore annulable'), ('done', 'Traité'), ('gone', 'Repris par l’adhérent')], default='waiting', max_length=8)),
                ('leased_until', models.DateTimeField(null=True)),
                ('taken_at', models.DateTimeField(null=True)),
                ('reserved_until', models.DateTimeField(null=True)),
                ('agent', models.ForeignKey(db_index=False, help_text='who holds or decided it', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='items', to=settings.AUTH_USER_MODEL)),
                ('reserved_for', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reserved_items', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('next_attempt_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('lease', models.CharField(default='', editable=False, max_length=16)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('outcome', models.CharField(choices=[('accepted', 'Accepté'), ('refused', 'Refusé'), ('incomplete', 'Correction demandée')], max_length=12)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('reason', models.CharField(blank=True, default='', help_text="code of the profile's template", max_length=40)),
                ('words_fr', adherents.crypto.fields.EncryptedTextField(blank=True, default='')),
                ('words_en', adherents.crypto.fields.EncryptedTextField(blank=True, default='')),
                ('until', models.DateField(help_text='of a correction: the day by which it is asked for', null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='casework.item')),
            ],
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('until', models.DateField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections_asked', to=settings.AUTH_USER_MODEL)),
                ('answer', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='answered_correction', to='vault.document')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='vault.document')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='correction', to='casework.decision')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('answered_at__isnull', True)), fields=['document'], name='corrections_open')],
            },
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('status', 'waiting')), fields=['due_on', 'entered_at', 'document'], name='items_oldest_due_first'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('status', 'waiting')), fields=['kind', 'due_on', 'entered_at', 'document'], name='items_of_a_kind'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('agent__isnull', False), ('status', 'waiting')), fields=['agent', 'leased_until'], name='items_in_hand'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('leased_until__isnull', False), ('status', 'waiting')), fields=['leased_until'], name='items_leased'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('reserved_for__isnull', False), ('status', 'waiting')), fields=['reserved_for', 'due_on', 'entered_at', 'document'], name='items_kept_for_somebody'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('status', 'gone')), fields=['document'], name='items_gone'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('status', 'decided')), fields=['due_on'], name='items_decided'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(condition=models.Q(('settled_at__isnull', True), ('undone_at__isnull', True)), fields=['agent', '-at'], name='decisions_to_settle'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('leased_until__isnull', True), ('agent__isnull', False), _connector='OR'), name='a_lease_is_somebodys'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('item',), name='one_decision_an_item'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('undone_at__isnull', True), ('settled_at__isnull', True), _connector='OR'), name='undone_or_settled'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', 'accepted'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_reason_unless_accepted'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'incomplete'), _negated=True), ('until__isnull', False), _connector='OR'), name='a_day_with_a_correction'),
        ),
    ]
