"""Tests of the floor session, one file for each module."""
