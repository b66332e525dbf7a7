import adherents.vault.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0001_initial'),
        ('vault', '0007_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='GatheredPhoto',
            fields=[
                ('content_type', models.CharField(max_length=60)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('wrapped_key', models.BinaryField()),
                ('storage_name', models.CharField(max_length=120, unique=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('number', models.PositiveSmallIntegerField()),
                ('name_key', adherents.vault.fields.NameKeyField(blank=True, default='', editable=False, max_length=200)),
                ('set_aside', models.CharField(blank=True, choices=[('unreadable', 'Illisible'), ('encrypted', 'Protégé par un mot de passe'), ('too_large', 'Trop grand pour être ouvert'), ('altered', 'Altéré pendant sa conservation'), ('infected', 'Écarté par sécurité')], default='', max_length=12)),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.AddField(
            model_name='document',
            name='photo_count',
            field=models.PositiveSmallIntegerField(default=0, help_text='of those that are gathered in it'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sha256', ''), _negated=True), ('photo_count__gt', 0), _connector='OR'), name='a_file_or_its_photos'),
        ),
        migrations.AddField(
            model_name='gatheredphoto',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='photos', to='vault.document'),
        ),
        migrations.AddIndex(
            model_name='gatheredphoto',
            index=models.Index(fields=['sha256'], name='photos_same_bytes'),
        ),
        migrations.AddConstraint(
            model_name='gatheredphoto',
            constraint=models.UniqueConstraint(fields=('document', 'number'), name='one_photo_a_place'),
        ),
    ]
