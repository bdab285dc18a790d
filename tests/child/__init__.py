"""Tests of the floor child, one file for each module."""
