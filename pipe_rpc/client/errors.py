"""What can go wrong for a client.

ClientError
├── RpcError               the server refused the request
├── DeadlineExceededError  the server took longer than the caller would wait
└── ServerEndedError       the server is gone
"""

from collections.abc import Mapping
from typing import Any

from pipe_rpc.errors import ErrorCode


class ClientError(Exception):
    """Anything that a client can raise."""


class RpcError(ClientError):
    """The server answered with an error: its ``code``, its sentence for people, and its ``data``."""

    def __init__(self, code: int, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code = next((each for each in ErrorCode if each == code), code)
        self.message = message
        self.data = data

    @property
    def kind(self) -> str:
        """The name of the code, such as "SessionNotFound"."""
        return str(self.data.get("kind", self.code))


class DeadlineExceededError(ClientError):
    """The wait was longer than the caller allowed; a late answer is dropped."""


class ServerEndedError(ClientError):
    """The server ended, or closed its side; nothing more can be asked."""
