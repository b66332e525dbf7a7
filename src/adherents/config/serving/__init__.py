"""How the portal is served. A peer that sends or reads slowly holds no thread that serves the others.

gunicorn's asyncio worker (`worker`) speaks HTTP and waits for bytes; the portal stays a WSGI application, called in a thread
once its request is there (`front`, `bridge`). `exchanges` enforces the least rates and the bounds. See decision 25.
"""
