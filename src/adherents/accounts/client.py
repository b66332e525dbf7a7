"""What is known of the browser behind a request, without the request."""

import re
from dataclasses import dataclass

_BROWSERS = [
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
]
_SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
]


@dataclass(frozen=True)
class Client:
    """`address`: of the browser, for limits only. `browser`: « Firefox, Windows ». `device_tokens`: what its cookie holds,
    one for each account that has signed in there."""

    address: str = ""
    browser: str = ""
    device_tokens: tuple[str, ...] = ()


def browser_name(user_agent: str) -> str:
    """« Firefox, Windows » for a User-Agent header, at most 60 characters; "" when it says nothing known."""
    browser = next((name for mark, name in _BROWSERS if re.search(rf"\b{mark}\w*/", user_agent)), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (browser, system) if part)[:60]
