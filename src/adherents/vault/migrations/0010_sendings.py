import uuid
from datetime import timedelta

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def give_each_file_a_sending(apps, schema_editor):
    """What waited belonged to nothing but its member: it becomes one sending of theirs."""
    Arrival, Upload = apps.get_model("vault", "Arrival"), apps.get_model("vault", "Upload")
    Sending = apps.get_model("vault", "Sending")
    members = {*Arrival.objects.values_list("member_id", flat=True), *Upload.objects.values_list("member_id", flat=True)}
    for member_id in members:
        until = django.utils.timezone.now() + timedelta(days=1)
        sending = Sending.objects.create(id=uuid.uuid4(), member_id=member_id, expires_at=until)
        for model in (Arrival, Upload):
            model.objects.filter(member_id=member_id).update(sending=sending)


class Migration(migrations.Migration):
    dependencies = [
        ("members", "__first__"),
        ("vault", "0009_message_origin"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sending",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("kind", models.CharField(blank=True, default="", max_length=40)),
                ("note", models.TextField(blank=True, default="")),
                ("gather", models.BooleanField(default=False)),
                ("told_at", models.DateTimeField(null=True)),
                ("answers", models.ForeignKey(help_text="the one it replaces", null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="sendings", to="vault.document")),
                ("beneficiary", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="sendings", to="members.beneficiary")),
                ("deposit", models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="sending", to="vault.deposit")),
                ("member", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sendings", to="members.member")),
            ],
        ),
        migrations.AddField(
            model_name="arrival",
            name="sending",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name="arrivals", to="vault.sending"),
        ),
        migrations.AddField(
            model_name="upload",
            name="sending",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name="uploads", to="vault.sending"),
        ),
        migrations.RunPython(give_each_file_a_sending, migrations.RunPython.noop),
    ]
