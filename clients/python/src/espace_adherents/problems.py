"""What a call may end with instead of an answer."""

from typing import Any

import httpx


class Unreachable(Exception):
    """No answer, after every try: the network, or a portal that is away."""


class Problem(Exception):
    """The portal refused (RFC 9457). `code` is stable: decide by it, and show `title` and `detail` to a person."""

    def __init__(self, status: int, code: str, title: str, detail: str, members: dict[str, Any]) -> None:
        super().__init__(f"{status} {code}: {detail or title}")
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.members = members  # all that the answer holds: `errors`, where values are wrong

    @classmethod
    def of(cls, response: httpx.Response) -> "Problem":
        """What this answer says; a proxy's own page has neither code nor words."""
        try:
            told = response.json()
        except ValueError:
            told = None
        members = told if isinstance(told, dict) else {}
        code = str(members.get("type", "")).rsplit("/", 1)[-1] or "unknown"
        title = str(members.get("title") or response.reason_phrase)
        return cls(response.status_code, code, title, str(members.get("detail") or ""), members)
