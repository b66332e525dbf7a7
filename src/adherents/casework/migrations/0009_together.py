from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("casework", "0008_hand_over"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="together",
            field=models.UUIDField(
                editable=False,
                help_text="the same of those that one act made, and one undo takes back",
                null=True,
            ),
        ),
    ]
