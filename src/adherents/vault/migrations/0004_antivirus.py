from django.db import migrations, models

UNSCANNED = [
    ("away", "L’antivirus n’est pas joignable."),
    ("slow", "L’antivirus n’a pas répondu à temps."),
    ("too_large", "Ce fichier est plus grand que ce que l’antivirus est réglé pour analyser."),
    ("failed", "L’antivirus a répondu par une erreur."),
]
SET_ASIDE = [
    ("unreadable", "Illisible"),
    ("encrypted", "Protégé par un mot de passe"),
    ("too_large", "Trop grand pour être ouvert"),
    ("altered", "Altéré pendant sa conservation"),
    ("infected", "Écarté par sécurité"),
]


class Migration(migrations.Migration):
    dependencies = [("vault", "0003_receipts")]

    operations = [
        migrations.AddField("document", "scanned_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "document",
            "scanned_by",
            models.CharField(
                blank=True,
                default="",
                help_text="the version of ClamAV and of its signatures",
                max_length=120,
            ),
        ),
        migrations.AddField(
            "document",
            "threat",
            models.CharField(blank=True, default="", help_text="what ClamAV took it for", max_length=200),
        ),
        migrations.AddField(
            "document",
            "unscanned",
            models.CharField(blank=True, choices=UNSCANNED, default="", max_length=12),
        ),
        migrations.AlterField(
            "document",
            "set_aside",
            models.CharField(blank=True, choices=SET_ASIDE, default="", max_length=12),
        ),
    ]
