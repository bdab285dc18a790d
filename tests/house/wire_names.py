"""The names of the wire, as the generated constants of plugins have them."""

from __future__ import annotations

from pipe_rpc.protocol.methods import NOTIFICATIONS, SESSION_METHODS

METHOD_NAMES = [row.name for row in SESSION_METHODS]
NOTIFICATION_NAMES = [row.name for row in NOTIFICATIONS]


def words(name: str) -> list[str]:
    """`session/waitFor` is wait, for."""
    word = name.removeprefix("session/")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in word).split()


def constant(name: str) -> str:
    """`session/waitFor` is WAIT_FOR."""
    return "_".join(words(name)).upper()
