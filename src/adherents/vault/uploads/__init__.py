"""Files on their way in: a form's, and those that come in several goes by the tus protocol 1.0.0 (core, creation, expiration,
termination).
"""
