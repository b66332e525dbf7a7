import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from the one before: PostgreSQL changes no column in the transaction that filled it."""

    dependencies = [("vault", "0010_sendings")]

    operations = [
        migrations.AlterField(
            model_name="upload",
            name="sending",
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name="uploads", to="vault.sending"),
        ),
    ]
