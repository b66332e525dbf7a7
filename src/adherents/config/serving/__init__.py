"""How the portal is served: whoever sends or reads slowly holds no thread that serves the others.

gunicorn's asyncio worker (`worker`) speaks HTTP and waits for bytes; the portal stays a WSGI application, called in a thread
once its request is there (`front`, `bridge`). Least rates and bounds are kept by `exchanges`. See decision 25.
"""
