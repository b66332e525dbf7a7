from tests.desk.conftest import agent, desk, member, objects_folder  # noqa: F401
