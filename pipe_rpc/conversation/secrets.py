"""Values of environment variables, which stay out of everything that is shown or written down.

Rules of this file: whatever a member named ``env`` holds is hidden, in any message and however wrong its shape. What a
child prints, and what is written to its stdin, is the conversation itself and stays.
"""

from collections.abc import Callable
from typing import Any

from pipe_rpc.conversation.placeholders import environment_placeholder, escape

HIDDEN = "…"
"""Stands, for people, where a text was."""


def redacted(message: Any) -> Any:
    """A message as people may see it; names of variables stay."""
    return _without_secrets(message, lambda text: text, _hidden_for_people)


def escaped_without_secrets(message: Any) -> Any:
    """A client message as a recording has it: what looks like a placeholder is escaped, secrets are placeholders."""
    return _without_secrets(message, escape, _environment_placeholders)


def _without_secrets(value: Any, text: Callable[[str], str], environment: Callable[[Any], Any]) -> Any:
    """The value with each text, and each environment, as the functions have it."""
    if type(value) is dict:
        return {
            name: environment(each) if name.lower() == "env" else _without_secrets(each, text, environment)
            for name, each in value.items()
        }
    if type(value) is list:
        return [_without_secrets(each, text, environment) for each in value]
    return text(value) if type(value) is str else value


def _hidden_for_people(value: Any) -> Any:
    if type(value) is dict:
        return {name: _hidden(each, HIDDEN) for name, each in value.items()}
    return _hidden(value, HIDDEN)


def _environment_placeholders(value: Any) -> Any:
    if type(value) is dict:
        return {
            name: environment_placeholder(name) if type(each) is str else _hidden(each, "")
            for name, each in value.items()
        }
    return _hidden(value, "")


def _hidden(value: Any, instead: str) -> Any:
    """A value of the same kind that tells nothing."""
    if type(value) in (dict, list):
        return type(value)()
    if type(value) is str:
        return instead
    return 0 if type(value) in (int, float) else value
