from tests.casework.conftest import agent, desk, member, objects_folder  # noqa: F401
