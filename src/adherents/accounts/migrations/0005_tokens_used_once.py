"""A question and a passkey's challenge leave a row once used; what sessions kept of whole requests goes."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Where allauth kept a suspended request, with the cookies in it, and the one challenge of a session.
NO_LONGER_KEPT = ("account_reauthentication_state", "mfa.webauthn.state")


def forget_suspended_requests(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    from adherents.accounts.sessions import SessionStore

    store = SessionStore()
    for session in apps.get_model("accounts", "Session").objects.only("session_data").iterator():
        data = store.decode(session.session_data)
        kept = {name: value for name, value in data.items() if name not in NO_LONGER_KEPT}
        if len(kept) < len(data):
            session.session_data = store.encode(kept)
            session.save(update_fields=["session_data"])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_agents_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='UsedToken',
            fields=[
                ('token_hash', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.DeleteModel(
            name='MathQuestion',
        ),
        migrations.RunPython(forget_suspended_requests, migrations.RunPython.noop, elidable=True),
    ]
