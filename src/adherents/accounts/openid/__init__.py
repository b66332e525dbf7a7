"""OpenID Connect, from the side of who relies on a provider: what is asked, and what is believed of the answers.

Nothing here knows who signs in. `calls` asks, `provider` keeps what a provider says of itself, `tokens` believes a token or
refuses it, `trip` is the way from our page to the provider's and back (decision 48).
"""
