from tests.desk.conftest import agent, clamd, desk, member, newcomer, objects_folder, running_clamd, words  # noqa: F401
