from django.db import migrations, models

from adherents.database.operations import AddConstraintBeside


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('vault', '0022_documents_joined'),
    ]

    operations = [
        AddConstraintBeside(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sha256', ''), _negated=True), ('photo_count__gt', 0), ('part_of__isnull', False), ('joined_count__gt', 0), _connector='OR'), name='a_file_or_those_of_others'),
        ),
        AddConstraintBeside(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('joined_at__isnull', True), ('joined_into__isnull', True), ('joined_rank__isnull', True)), models.Q(('joined_at__isnull', False), ('joined_count', 0), ('joined_into__isnull', False), ('joined_rank__isnull', False), ('part_of__isnull', True), ('split_at__isnull', True)), _connector='OR'), name='joined_once'),
        ),
        AddConstraintBeside(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(('joined_count', 0), models.Q(('joined_count__gte', 2), ('part_of__isnull', True), ('photo_count', 0), ('sha256', ''), ('split_at__isnull', True), ('wrapped_key', b'')), _connector='OR'), name='made_of_several'),
        ),
    ]
