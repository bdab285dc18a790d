"""Malformed input by the million: mutated, generated and coverage-guided, in process and against the real server."""
