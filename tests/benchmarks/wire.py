"""What a server is told and tells, whatever its messages look like.

Rules of this file: while a clock runs, a message is only told apart and measured. What it says is read afterwards, from
its `raw` part, by the wire that it came from.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from .fast_client import FastClient
from .rival import Encoding

Session = str | int
"""What a server calls a session."""


@dataclass(slots=True)
class Answer:
    """To some request."""

    raw: Any


@dataclass(slots=True)
class Output:
    """Of a child's stdout."""

    session: Session
    size_bytes: int
    """Of the child's own bytes, as the message says or its length tells."""
    raw: Any


@dataclass(slots=True)
class Exited:
    """A child is known to have exited."""

    session: Session
    exit_code: int


@dataclass(slots=True)
class Closed:
    """A session has no more output; not every wire tells."""

    session: Session


Event = Answer | Output | Exited | Closed
Kept = TypeVar("Kept", bound=Answer | Output)


class Wire(ABC):
    """One server's language: requests as bytes, events out of what the client reads."""

    last: ClassVar[type[Exited] | type[Closed]] = Exited
    """After this event a session has no output."""
    unfit_for_floods: ClassVar[str | None] = None
    """Why the server cannot stand sessions that write without end, if so."""

    def __init__(self, client: FastClient) -> None:
        """It reads from `client` and never writes to it."""
        self._client = client

    @abstractmethod
    def greeting(self, request_id: int) -> bytes:
        """The first request."""

    def greeted(self) -> bytes:
        """What has to be sent after the first answer."""
        return b""

    def farewell(self) -> bytes:
        """What makes the server end; nothing where closing its stdin does."""
        return b""

    @abstractmethod
    def spawn(self, request_id: int, argv: list[str], encoding: Encoding | None = None) -> bytes:
        """Start a child with pipes; raises `NotOfferedError` for an encoding that the server does not have."""

    @abstractmethod
    def write(self, request_id: int, session: Session, data: bytes) -> bytes:
        """`data`, which is text, to the child's stdin."""

    @abstractmethod
    def ask(self, request_id: int, session: Session) -> bytes:
        """The cheapest question about a session."""

    @abstractmethod
    def next_event(self) -> Event:
        """Wait for it; what it holds in `raw` may change at the next call: see `kept`."""

    def has_unread(self) -> bool:
        """Whether what was read already holds another message, or its beginning."""
        return self._client.has_unread()

    @abstractmethod
    def result_of(self, answer: Answer) -> tuple[int, Any]:
        """The id of the request and its result; raises `WrongResultError` when it is an error."""

    @abstractmethod
    def session_of(self, result: Any) -> Session | None:
        """The session that an answer to `spawn` or `ask` is about; None where it does not say."""

    @abstractmethod
    def bytes_of(self, output: Output, encoding: Encoding | None = None) -> bytes:
        """The child's bytes; raises `WrongResultError` when they are not encoded as was asked for."""

    def text_of(self, output: Output) -> str | bytes:
        """What a client makes of it that shows or stores it: text where the wire carries text, else the bytes."""
        return self.bytes_of(output)

    def offset_of(self, output: Output) -> int | None:
        """How many bytes of the stream came before; None where the wire does not tell."""
        return None


def kept(event: Kept) -> Kept:
    """The same event, valid for ever."""
    if isinstance(event.raw, memoryview):
        event.raw = bytes(event.raw)
    return event
