"""One thread, one selector: the only place that waits, and the only one that reads the clock.

**Invariant:** nothing here knows processes, sessions or JSON; nothing above it blocks.
"""
