from django.db import migrations

from adherents.database.operations import RemoveIndexConcurrently


class Migration(migrations.Migration):
    """`documents_of_these_bytes` answers all that this one did, and finds the bytes of other members too."""

    atomic = False

    dependencies = [
        ("vault", "0010_documents_of_these_bytes"),
    ]

    operations = [
        RemoveIndexConcurrently(model_name="document", name="documents_same_bytes"),
    ]
