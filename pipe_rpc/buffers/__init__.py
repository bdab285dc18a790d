"""Pure bytes: rings, frames, text boundaries and the outbound queue.

**Invariant:** nothing here opens, reads or writes a descriptor, asks the time, or knows JSON.
"""
