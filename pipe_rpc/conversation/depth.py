"""How deep JSON may nest where it is written down, compared and shown."""

from typing import Any

MOST_LEVELS = 200
"""Arrays and objects within each other: a dozen times what the contract has, and far from what ends an interpreter."""


def nests_too_deep(value: Any) -> bool:
    """Whether a JSON value has more levels than that."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for each in level
            if type(each) in (dict, list)
            for inner in (each.values() if type(each) is dict else each)
        ]
        if not level:
            return False
    return any(type(each) in (dict, list) for each in level)
