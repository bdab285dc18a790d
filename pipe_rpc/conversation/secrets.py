"""Values of environment variables, which stay out of everything that is written down.

Rules of this file: whatever a member named ``env`` holds is hidden, in any message and however wrong its shape. What a
child prints, and what is written to its stdin, is the conversation itself and stays.
"""

from typing import Any

from pipe_rpc.conversation.placeholders import environment_placeholder, escape


def escaped_without_secrets(value: Any) -> Any:
    """A client message as a recording has it: what looks like a placeholder is escaped, secrets are placeholders."""
    if type(value) is dict:
        return {
            name: _hidden_environment(each) if name.lower() == "env" else escaped_without_secrets(each)
            for name, each in value.items()
        }
    if type(value) is list:
        return [escaped_without_secrets(each) for each in value]
    return escape(value) if type(value) is str else value


def _hidden_environment(value: Any) -> Any:
    if type(value) is dict:
        return {
            name: environment_placeholder(name) if type(each) is str else _hidden(each) for name, each in value.items()
        }
    return _hidden(value)


def _hidden(value: Any) -> Any:
    """A value of the same shape that tells nothing."""
    if type(value) is dict:
        return {name: _hidden(each) for name, each in value.items()}
    if type(value) is list:
        return [_hidden(each) for each in value]
    if type(value) is str:
        return ""
    return 0 if type(value) in (int, float) else value
