"""Under `/api/` programs ask: no cookie is read or set there, and every refusal is a problem in JSON, no matter what refuses."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from adherents.api.handlers import CONTENT_TYPE, RETRY_AFTER, problem_response
from adherents.api.problems import Problem, Refused, problem_of

Handler = Callable[[HttpRequest], HttpResponseBase]
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def for_programs(get_response: Handler) -> Handler:
    """Before whatever reads a cookie, and around whatever refuses in a page for people."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not f"{request.path_info}/".startswith("/api/"):
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return problem_response(
                Refused(Problem.BAD_REQUEST)
            )  # nothing has it in its name, and a database refuses it
        response = get_response(request)
        response.cookies.clear()
        response.headers.pop("Content-Language", None)
        _drop_vary_on_cookie(response)
        status = response.status_code
        if status == 304 or status < 300 or response.headers.get("Content-Type") == CONTENT_TYPE:
            return response
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        if status in (429, 503):
            headers.setdefault("Retry-After", str(RETRY_AFTER))
        return problem_response(Refused(problem_of(status), headers=headers))

    return middleware


def _drop_vary_on_cookie(response: HttpResponseBase) -> None:
    varies = [name for name in response.headers.get("Vary", "").split(", ") if name and name != "Cookie"]
    if varies:
        response.headers["Vary"] = ", ".join(varies)
    else:
        response.headers.pop("Vary", None)
