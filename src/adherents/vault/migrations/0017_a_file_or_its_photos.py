from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('vault', '0016_a_part_is_pages'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='document',
            name='a_file_or_its_photos',
        ),
    ]
