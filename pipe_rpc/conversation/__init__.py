"""What the clients share: the conversation with an endpoint without any I/O, and the endpoint as a child.

**Invariant:** it knows the protocol and nothing of the server's insides; it waits for nothing, so that a thread, an
event loop of others and our own loop can all drive it.
"""
