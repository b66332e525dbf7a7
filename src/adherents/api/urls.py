"""`/api/v1/`: fixed addresses, on which the insurer's programs rely. And the administrateur's pages about them."""

from functools import partial
from typing import Any

from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from adherents.api.handlers import DescribedApi, answer_with_problems
from adherents.api.views import (
    batches,
    clients,
    deposits,
    documentation,
    documents,
    events,
    members,
    readings,
    receipts,
    threads,
    tokens,
)

# The modules of routes, in the order of the documentation. `members/batch` is asked for before `members/{number}`.
SUBJECTS: list[Any] = [batches, members, documents, readings, deposits, receipts, threads, events]

api = DescribedApi(
    title="Espace Adhérents API",
    version="1",
    urls_namespace="api-v1",
    docs_url=None,
    docs_decorator=require_safe,
    description="The insurer's own systems: documents and decisions, members, messages, events.",
)
answer_with_problems(api)
api.add_router("", tokens.router)
for subject in SUBJECTS:
    api.add_router("", subject.routes.router)


def _patterns() -> list[URLPattern]:
    """Ninja's, each marked where its body or its answer is long: the server reads and writes it in another way."""
    patterns = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)]
    for pattern in patterns:
        for subject in SUBJECTS:
            if str(pattern.pattern) in subject.routes.takes_files:
                pattern.callback.takes_files = True  # type: ignore[attr-defined]
                pattern.callback.asks_who_calls = True  # type: ignore[attr-defined]
            if str(pattern.pattern) in subject.routes.gives_files:
                pattern.callback.gives_a_file = True  # type: ignore[attr-defined]
        pattern.callback.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie is read
        pattern.callback.says_no_word = True  # type: ignore[attr-defined]
        pattern.callback.answers_head_itself = True  # type: ignore[attr-defined]
    return [
        path("docs", csrf_exempt(partial(documentation.documentation, api=api)), name="docs"),
        path("problems/<slug:code>", documentation.problem, name="problem"),
        *patterns,
    ]


v1 = (_patterns(), "api-v1", "api-v1")

app_name = "api"
urlpatterns = [
    path("systemes/", clients.clients, name="clients"),
    path("systemes/nouveau/", clients.new_client, name="new_client"),
    path("systemes/<int:pk>/", clients.client_page, name="client"),
    path("systemes/<int:pk>/cle/", clients.new_key, name="new_key"),
    path("systemes/<int:pk>/cle/retrait/", clients.end_key, name="end_key"),
    path("systemes/<int:pk>/suspension/", clients.suspend, name="suspend_client"),
    path("systemes/<int:pk>/retablissement/", clients.resume, name="resume_client"),
]
