"""Clients on the network: what one connection, and all of them together, may take from the service, and how it ends.

Each module uses only those before it: ``limits``, ``turns``, ``connections`` (who waits, and for how long), ``refusals``,
``intake``, ``transport``, ``reader`` and ``connection`` (uvicorn's protocol with limits), ``lifecycle``, ``server``.
"""
