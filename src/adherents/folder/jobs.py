from django.db.models import QuerySet

from adherents.folder.models import FolderWatch
from adherents.work.registry import backlog


# The watch is no worker's work: it is a process of its own, and only it sees the folder.
@backlog("folder", since="waits_since", lane="")
def behind() -> QuerySet[FolderWatch]:
    return FolderWatch.objects.behind()
