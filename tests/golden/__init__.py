"""Conversations that every client and every server of this contract can be held against; see README.md."""
