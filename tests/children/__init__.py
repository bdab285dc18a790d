"""Small programs with bad manners, run as children by the end-to-end tests."""
