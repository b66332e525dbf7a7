"""Members signed in by FranceConnect: who they are in the register, and the link between their `sub` and their account.

`services` decides, `views` are the pages (decision 49). What the protocol asks is in `accounts.openid`; which member an
identity names, in `members.pivot`.
"""
