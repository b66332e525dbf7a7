"""How a state looks: its colour (a tone) and its shape. The caller knows the state and gives the words."""

TONES = {
    "received": "neutral",
    "checked": "info",
    "in_progress": "info",
    "split": "info",
    "joined": "info",
    "relocated": "neutral",
    "accepted": "success",
    "refused": "refusal",
    "set_aside": "refusal",
    "waiting": "warning",
    "unread": "info",
    "incomplete": "warning",
    "withdrawn": "neutral",
    "never_connected": "neutral",
    "active": "success",
    "locked": "refusal",
    "expired": "warning",
    "closed": "neutral",
}

SHAPES = {
    "success": "check",
    "refusal": "x-mark",
    "warning": "exclamation-triangle",
    "info": "clock",
    "neutral": "inbox-arrow-down",
    "checked": "shield-check",
    "withdrawn": "arrow-uturn-left",
    "closed": "lock-closed",
    "unread": "envelope",
    "split": "document-duplicate",
    "joined": "square-2-stack",
    "relocated": "folder-open",
}


def tone_of(state: str) -> str:
    """`info`, `success`, `warning`, `refusal` or `neutral`; a tone stays itself, the unknown is neutral."""
    return state if state in set(TONES.values()) else TONES.get(state.lower(), "neutral")


def shape_of(state: str) -> str:
    """The icon (heroicons, micro) of a state, or of its tone where it has none of its own."""
    return SHAPES.get(state.lower()) or SHAPES[tone_of(state)]
