"""Attacks that take long: many times the same, at random moments, or for minutes."""
