from django.db import migrations

from adherents.members.fields import SearchKeyField


class Migration(migrations.Migration):

    dependencies = [
        ("members", "0002_source"),
    ]

    operations = [
        migrations.AddField(
            model_name="beneficiary",
            name="birth_key",
            field=SearchKeyField(max_length=240, null=True),
        ),
        migrations.AddField(
            model_name="beneficiary",
            name="usage_key",
            field=SearchKeyField(max_length=240, null=True),
        ),
        migrations.AddField(
            model_name="beneficiary",
            name="first_key",
            field=SearchKeyField(help_text="the first names, to be found by", max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="beneficiary",
            name="birth_sound",
            field=SearchKeyField(help_text="what names that sound alike have in common", max_length=48, null=True),
        ),
        migrations.AddField(
            model_name="beneficiary",
            name="usage_sound",
            field=SearchKeyField(max_length=48, null=True),
        ),
        migrations.AddField(
            model_name="member",
            name="first_key",
            field=SearchKeyField(help_text="the first names, to be found by", max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="member",
            name="birth_sound",
            field=SearchKeyField(help_text="what names that sound alike have in common", max_length=48, null=True),
        ),
        migrations.AddField(
            model_name="member",
            name="usage_sound",
            field=SearchKeyField(max_length=48, null=True),
        ),
    ]
