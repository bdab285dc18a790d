"""The types of the fixtures in `tests/conftest.py`, for the signatures of tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tests.support.gates import Gate
from tests.support.wire_client import WireClient

MakeGate = Callable[[], Gate]


class StartWire(Protocol):
    """The type of the `start_wire` fixture."""

    def __call__(self, *server_args: str, initialize: bool = True, options: Any = None, **client: Any) -> WireClient:
        """Start a server with these command line arguments.

        `initialize` False leaves the handshake to the test; `options` are the initializationOptions; the other
        keywords go to `WireClient` (env, cwd, stderr, popen).
        """
