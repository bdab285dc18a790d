"""The domain: sessions, their streams, attachments and life cycle.

**Invariant:** no JSON and no wire name with a meaning; nothing here writes to the client. What the client is to be told
is pulled from here, and time is an argument.
"""
