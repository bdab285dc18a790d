"""Tests of pipe-rpc."""
