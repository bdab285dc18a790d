"""One endpoint, talked to from a loop: what the programs behind ``pipe-rpc run`` share.

Rules of this file: the endpoint is read no further while whoever gets what it says has no room; where it hears no more,
what it has said is still read, up to its end.
"""

import os
from collections.abc import Callable
from typing import Any

from pipe_rpc.buffers.framer import FramingError
from pipe_rpc.client.reading import READ_BYTES
from pipe_rpc.client.sink import Sink
from pipe_rpc.conversation.endpoint_process import EndpointProcess
from pipe_rpc.conversation.errors import ClientError
from pipe_rpc.conversation.messages import Conversation, Listener, result_of
from pipe_rpc.errors import PipeRpcError
from pipe_rpc.loop.descriptor import OwnDescriptor
from pipe_rpc.loop.loop import READ, Loop, Watch
from pipe_rpc.protocol.envelope import MalformedError, Notification, Response

Then = Callable[[Response], None]
"""What gets the answer of a request."""


class Connection:
    """Sends requests and gives answers and notifications to those who are to have them."""

    def __init__(
        self,
        endpoint: EndpointProcess,
        loop: Loop,
        *,
        has_room: Callable[[], bool],
        on_notification: Callable[[Notification], None],
        on_end: Callable[[str | None], None],
        on_message: Listener | None,
    ) -> None:
        """``on_end`` hears once that nothing more comes: what is wrong with the endpoint, None if it just ended."""
        self._loop = loop
        self._has_room = has_room
        self._on_notification = on_notification
        self._on_end = on_end
        self._conversation = Conversation(on_message)
        self._answers: dict[Any, Then] = {}
        self._has_heard_all = False
        self._from_server = OwnDescriptor(os.dup(endpoint.stdout_fd))
        server_stdin = OwnDescriptor(os.dup(endpoint.stdin_fd))
        self._server = Sink(server_stdin, loop, on_room=self.read_on, on_broken=lambda _: None)
        self._watch: Watch | None = None

    @property
    def is_deaf(self) -> bool:
        """Whether the endpoint hears no more."""
        return self._server.is_broken

    @property
    def is_written(self) -> bool:
        """Whether all that was sent has left."""
        return self._server.is_empty

    def open(self, name: str, then: Callable[[], None]) -> None:
        """Shake hands, as the client ``name``."""

        def initialized(response: Response) -> None:
            result_of(response)
            self.notify("initialized", {})
            then()

        self.read_on()
        self.request("initialize", {"capabilities": {}, "clientInfo": {"name": name}}, initialized)

    def shut_down(self, then: Callable[[], None]) -> None:
        """End all sessions, and then the endpoint."""

        def shut_down(response: Response) -> None:
            result_of(response)
            self.notify("exit", None)
            then()

        self.request("shutdown", None, shut_down)

    def request(self, method: str, params: Any, then: Then) -> None:
        """Send a request; ``then`` gets its answer."""
        request_id, frame = self._conversation.request(method, params)
        self._answers[request_id] = then
        self._server.send(frame)

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._server.send(self._conversation.notification(method, params))

    def read_on(self) -> None:
        """Hear more, if there is room for it."""
        if self._watch is None and not self._has_heard_all and self._has_room():
            self._watch = self._loop.watch(self._from_server.fd, READ, self._read)

    def hear_no_more(self) -> None:
        """Read nothing from here on."""
        self._has_heard_all = True
        self._stop_reading()

    def close(self) -> None:
        """Give the descriptors back."""
        self._stop_reading()
        self._server.close()
        self._from_server.close()

    def _read(self) -> None:
        buffer = bytearray(READ_BYTES)
        size = self._from_server.read_into([memoryview(buffer)])
        if size is None:
            return
        if size == 0:
            self._end(None)
            return
        try:
            for message in self._conversation.receive(bytes(buffer[:size])):
                self._receive(message)
        except (ClientError, PipeRpcError, FramingError, MalformedError) as error:
            self._end(f"the endpoint does not keep the contract: {error}")
            return
        if not self._has_room():
            self._stop_reading()

    def _end(self, problem: str | None) -> None:
        self._server.break_off()
        self.hear_no_more()
        self._on_end(problem)

    def _stop_reading(self) -> None:
        if self._watch is not None:
            self._loop.unwatch(self._watch)
            self._watch = None

    def _receive(self, message: Response | Notification) -> None:
        if isinstance(message, Response):
            self._answers.pop(message.message.get("id"), ignore)(message)
        else:
            self._on_notification(message)


def ignore(response: Response) -> None:
    """Do nothing with an answer: what comes of it shows in the command's end."""
