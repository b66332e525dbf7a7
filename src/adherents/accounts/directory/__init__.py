"""Agents signed in by the insurer's directory (OpenID Connect): who they are there, what they may do here, and their sign-out.

`person` reads the claims, `services` decides, `views` are the three addresses that the directory and the browser call
(decision 48). What the protocol asks is in `accounts.openid`; which other ways stay open, in `accounts.by_directory`.
"""
