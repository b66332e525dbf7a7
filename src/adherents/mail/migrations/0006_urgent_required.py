from django.db import migrations, models

from adherents.database.filling import Fill
from adherents.database.operations import RequireColumn

URGENT = (
    "name IN ('accounts/reset_link', 'accounts/first_connection_link', 'accounts/invitation', 'accounts/new_factor_link', "
    "'accounts/reset_waits', 'accounts/identity_wanted', 'enrolment/confirm_address')"
)


class Migration(migrations.Migration):

    atomic = False
    filled_before = [Fill('mail_outboxmail', 'urgent', URGENT)]

    dependencies = [
        ('mail', '0005_urgent'),
    ]

    operations = [
        RequireColumn(
            model_name='outboxmail',
            name='urgent',
            field=models.BooleanField(db_default=False, default=False, help_text='a person waits for it'),
        ),
    ]
