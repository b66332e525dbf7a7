from tests.desk.conftest import agent, member, objects_folder  # noqa: F401
