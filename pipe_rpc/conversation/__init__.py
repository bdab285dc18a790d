"""What the clients share: conversations with an endpoint and recordings of them, without I/O; the endpoint as a child.

**Invariant:** it knows the protocol and nothing of the server's insides; it waits for nothing, so that a thread, an
event loop of others and our own loop can all drive it.
"""
