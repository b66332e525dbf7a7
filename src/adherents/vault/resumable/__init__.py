"""Resumable uploads: the tus protocol 1.0.0 (core, creation, expiration, termination) over `services.resuming`."""
