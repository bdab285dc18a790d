"""Where wire and domain meet: the transport, the dispatch, the handlers, the pump, and the end.

**Invariant:** the only floor that knows both messages and sessions; nothing here waits.
"""
