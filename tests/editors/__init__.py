"""Real editors, with the files that people are given."""
