"""The second factor, on django-allauth's: app codes, passkeys, recovery codes. Mandatory for agents.

`services.py` decides, `views.py` and `forms.py` are allauth's with our rules in them, `adapter.py` seals the
secrets. What we rely on in allauth is pinned by `tests/accounts/test_allauth_contract.py`.
"""
