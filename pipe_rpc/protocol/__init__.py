"""The wire vocabulary: JSON text, envelopes, method table, message types and their strict conversion.

**Invariant:** no descriptor, no process, no session; camelCase exists here and nowhere else.
"""
