from django.db import migrations, models

from adherents.database.operations import AddConstraintBeside


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('vault', '0015_documents_parts'),
    ]

    operations = [
        AddConstraintBeside(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sha256', ''), _negated=True), ('photo_count__gt', 0), ('part_of__isnull', False), _connector='OR'), name='a_file_its_photos_or_pages'),
        ),
        AddConstraintBeside(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('first_page__isnull', True), ('last_page__isnull', True), ('part_of__isnull', True)), models.Q(('first_page__gte', 1), ('first_page__isnull', False), ('last_page__gte', models.F('first_page')), ('last_page__isnull', False), ('part_of__isnull', False), ('split_at__isnull', True), ('wrapped_key', b'')), _connector='OR'), name='a_part_is_pages'),
        ),
    ]
