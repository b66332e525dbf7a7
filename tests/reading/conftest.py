from tests.vault.conftest import member, objects_folder, other_member, signed_in, time_to_draw  # noqa: F401
