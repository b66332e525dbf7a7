"""How an id is written in an address: in lower case or in capitals (RFC 9562)."""

ANY_CASE_ID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
