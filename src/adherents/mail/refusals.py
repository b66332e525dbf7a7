"""What a server's words say of an address: whether no mail will ever reach it (RFC 5321, RFC 3463)."""

import re

_ENHANCED = re.compile(r"5\.(\d{1,3})\.\d{1,3}(?!\d)")
_FULL = {"5.2.2", "5.2.3"}  # a mailbox that is full, a message that is too long: the address is right


def is_no_mailbox(code: int, words: str | bytes, *, enhanced_only: bool = False) -> bool:
    """Whether an answer (`550`, `5.1.1 User unknown`) means that there is no such address.

    `enhanced_only`: without an enhanced code, the answer may be about the message.
    """
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    enhanced = _ENHANCED.match(text)
    if enhanced:
        return code >= 500 and names_no_mailbox(enhanced[0])
    return code in {550, 551, 553} and not enhanced_only


def names_no_mailbox(status: str) -> bool:
    """Whether an enhanced code (`5.1.1`) means that there is no such address, for good. A server that refuses us (5.7.1:
    policy, spam, relaying) or the message says nothing of the address.
    """
    enhanced = _ENHANCED.fullmatch(status.strip())
    return bool(enhanced and enhanced[1] in {"1", "2"} and status.strip() not in _FULL)
