from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def forget_those_on_their_way(apps: Any, schema_editor: Any) -> None:
    """They live two hours and change nothing: whoever meant it gives the address again."""
    apps.get_model("enrolment", "AddressToConfirm").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_own_address'),
        ('enrolment', '0002_activation'),
    ]

    operations = [
        migrations.RunPython(forget_those_on_their_way, migrations.RunPython.noop),
        migrations.RemoveField(model_name='addresstoconfirm', name='expires_at'),
        migrations.RemoveField(model_name='addresstoconfirm', name='token_hash'),
        migrations.RemoveField(model_name='addresstoconfirm', name='used_at'),
        migrations.AddField(
            model_name='addresstoconfirm',
            name='link',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='address_to_confirm', to='accounts.accesslink'),
        ),
        migrations.AddField(
            model_name='addresstoconfirm',
            name='report',
            field=models.OneToOneField(help_text='sent to the former address: « ce n’était pas moi »; made with the change, so in the order of the changes', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='address_changed', to='accounts.accesslink'),
        ),
    ]
