from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0002_cause"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceiptBlock",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("year", models.PositiveSmallIntegerField()),
                ("next", models.PositiveIntegerField()),
                ("last", models.PositiveIntegerField()),
            ],
        ),
    ]
