"""Child processes: the only floor that knows how the system starts, signals and reaps them.

**Invariant:** nothing here knows sessions, rings or JSON; each platform difference is one small file.
"""
