"""What the API says of itself, to people and to programs: its routes, and the kinds of problems. No key is needed for it."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from adherents.accounts.decorators import says_no_word
from adherents.api.handlers import problem_response, type_of
from adherents.api.problems import Problem, Refused
from adherents.api.scopes import Scope


@says_no_word
@require_safe
def documentation(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """Every route in words, from the same description that programs read. In English, as the names in it are."""
    schema = api.get_openapi_schema()
    with translation.override("en"):
        context = {"operations": list(_operations(schema)), "problems": list(Problem), "scopes": list(Scope)}
        return render(request, "api/documentation.html", context | {"title": api.title})


@csrf_exempt
@says_no_word
@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """What one kind of problem means: the address that its `type` is."""
    kind = next((kind for kind in Problem if kind.code == code), None)
    if kind is None:
        return problem_response(Refused(Problem.NOT_FOUND))
    return JsonResponse({"type": type_of(kind), "title": kind.title, "status": kind.status})


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"].items()
            yield {
                "method": method.upper(),
                "path": path,
                "name": operation["operationId"],
                "words": operation.get("description", operation["summary"]).partition("\n\nScope")[0],
                "scope": operation.get("x-scope", ""),
                "parameters": [{"description": "", **parameter} for parameter in operation["parameters"]],
                "body": ", ".join(operation.get("requestBody", {}).get("content", {})),
                "fields": list(_fields(schema, operation)),
                "answers": [(status, answer["description"]) for status, answer in answers],
            }


def _fields(schema: dict[str, Any], operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The fields of the body, one level deep."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        shape = content["schema"]
        name = shape.get("$ref", "").rpartition("/")[2]
        shape = schema["components"]["schemas"].get(name, shape)
        for field, of_field in shape.get("properties", {}).items():
            yield {
                "name": field,
                "required": field in shape.get("required", []),
                "words": of_field.get("description", ""),
            }
