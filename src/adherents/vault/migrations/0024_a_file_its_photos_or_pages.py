from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('vault', '0023_joined_once'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='document',
            name='a_file_its_photos_or_pages',
        ),
    ]
