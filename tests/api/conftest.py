from tests.vault.conftest import member, objects_folder, other_member, time_to_draw

__all__ = ["member", "objects_folder", "other_member", "time_to_draw"]
