from tests.vault.conftest import member, objects_folder, time_to_draw  # noqa: F401
