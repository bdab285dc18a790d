"""A recording played to a server: what to send when, and whether what comes is what was recorded.

Rules of this file: no I/O and no waiting. A client line is due when everything that the server says before it in the
recording has arrived. What the server says may come earlier than it stands there, also before client lines that were
not sent yet: what a child writes, nobody orders against its client. The first difference ends it.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from pipe_rpc.conversation.comparison import could_be, expectation, same
from pipe_rpc.conversation.depth import MOST_LEVELS, nests_too_deep
from pipe_rpc.conversation.difference import DifferenceError, EndedEarlyError
from pipe_rpc.conversation.lanes import places, stream_of, token_of
from pipe_rpc.conversation.output_run import PIECEWISE, OutputRun, Piece, is_output, piece_of, runs
from pipe_rpc.conversation.placeholders import Bindings, PlaceholderError, is_placeholder, named
from pipe_rpc.conversation.recording import (
    ClientBody,
    ClientEnd,
    ClientLine,
    Recording,
    RecordingError,
    ServerEnd,
    ServerLine,
)
from pipe_rpc.protocol.json_text import encode

_SHOWN_BEYOND_BYTES = 200
"""How much of the expected output is shown beyond what came, to see how it would have gone on."""


class Playback:
    """One run of a recording against one server.

    Call ``due`` and send what it returns, then ``receive`` for each message, and ``due`` again; ``end_of_output`` and
    ``ended`` when it has ended. Raises RecordingError at once where the recording cannot be played.
    """

    def __init__(self, recording: Recording, environment: Mapping[str, str], *, allow_extra: bool = False) -> None:
        self._lines = recording.lines
        self._places = places(recording.lines)
        self._runs = runs(recording.lines, self._places)
        self._bindings = Bindings(environment)
        self._allow_extra = allow_extra
        # An ordinary dict would be slow to find its first key when most were taken out at its beginning.
        self._open = OrderedDict.fromkeys(self._places)
        """The indices of the server messages that have not come, in their order."""
        self._flowing: dict[tuple[Any, Any], OutputRun] = {}
        self._next = 0
        self._asked_to_shut_down = False

    @property
    def is_complete(self) -> bool:
        """Whether everything was sent and has arrived; the end of the server is then all that is awaited."""
        return not self._open and self._next == len(self._lines)

    @property
    def awaited(self) -> int:
        """The number of the line that is awaited now."""
        index = min(next(iter(self._open), self._next), len(self._lines) - 1)
        return self._lines[index].number

    def due(self) -> list[bytes | None]:
        """The bodies to send now, in order; None is the end of the client's output. Each is returned once.

        Raises RecordingError for a name that has got no value.
        """
        bodies: list[bytes | None] = []
        while self._next < len(self._lines) and self._next not in self._open:
            match self._lines[self._next]:
                case ClientLine(number=number, message=message):
                    filled = self._filled(number, message)
                    self._asked_to_shut_down |= type(filled) is dict and filled.get("method") == "shutdown"
                    bodies.append(encode(filled))
                case ClientBody(body=body):
                    bodies.append(body.encode())
                case ClientEnd():
                    bodies.append(None)
                case _:
                    pass
            self._next += 1
        return bodies

    def receive(self, message: Any) -> None:
        """Take a message of the server. Raises DifferenceError where another was expected."""
        if type(message) is not dict:
            raise DifferenceError(self.awaited, "the server sent what is no message", self._shown(), message)
        if nests_too_deep(message):
            what = f"the server sent a message that nests deeper than {MOST_LEVELS} levels"
            raise DifferenceError(self.awaited, what, self._shown())
        index = self._find(message)
        if is_output(message):
            self._receive_output(index, message)
            return
        if index is None:
            raise self._unexpected(message)
        self._require_turn(index, message)
        line = self._line(index)
        self._compare(line.number, line.message, message)
        del self._open[index]
        for lane in self._places[index].keeps:
            if lane[0] == "ends":
                self._flowing.pop(stream_of(message), None)

    def overdue(self, deadline_s: float) -> DifferenceError:
        """The difference that nothing came for so long."""
        awaited = "the end of the server" if self.is_complete else "this"
        return DifferenceError(
            self.awaited, f"the server said nothing for {deadline_s:g} s while {awaited} was awaited", self._shown()
        )

    def end_of_output(self) -> None:
        """The server says nothing more. Raises EndedEarlyError where more was expected."""
        if not self.is_complete:
            raise EndedEarlyError(self.awaited, "the server ended while this was awaited", self._shown())

    def ended(self, status: int) -> None:
        """The server has ended. Raises DifferenceError where the status is not the recorded one, or the protocol's."""
        last = self._lines[-1]
        if isinstance(last, ServerEnd):
            expected, why = last.status, "the recording says"
        else:
            expected = 0 if self._asked_to_shut_down else 1
            why = "it was asked to shut down:" if self._asked_to_shut_down else "it was not asked to shut down:"
        if status != expected:
            raise DifferenceError(last.number, f"the server ended with status {status}, and {why} {expected}")

    def _filled(self, number: int, message: Any) -> Any:
        try:
            return self._bindings.fill(message)
        except PlaceholderError as error:
            raise RecordingError(number, str(error)) from None

    def _find(self, message: dict[str, Any]) -> int | None:
        return next((index for index in self._open if self._could_be(index, message)), None)

    def _could_be(self, index: int, message: dict[str, Any]) -> bool:
        expected = self._line(index).message
        if expected.get("method") != message.get("method") or ("id" in expected) != ("id" in message):
            return False
        if "method" not in message:
            request = self._places[index].request
            sent = request is None or request < self._next
            return sent and could_be(expected.get("id"), message.get("id"), self._bindings)
        if is_placeholder(expected.get("params")):
            return True
        pairs = zip((*stream_of(expected), token_of(expected)), (*stream_of(message), token_of(message)), strict=True)
        return all(could_be(one, other, self._bindings) for one, other in pairs)

    def _require_turn(self, index: int, message: dict[str, Any]) -> None:
        follows = self._places[index].follows
        for earlier in self._earlier(index):
            if self._places[earlier].keeps & follows:
                line = self._line(earlier)
                what = f"what line {self._line(index).number} expects came before what this line expects"
                raise DifferenceError(line.number, what, self._show(earlier), message)

    def _earlier(self, index: int) -> Iterator[int]:
        for each in self._open:
            if each >= index:
                return
            yield each

    def _compare(self, number: int, expected: Any, message: Any) -> None:
        nearest = expectation(expected, message, self._bindings, allow_extra=self._allow_extra)
        if not same(nearest, message):
            raise DifferenceError(number, "the message differs", nearest, message)

    def _receive_output(self, index: int | None, message: dict[str, Any]) -> None:
        piece = piece_of(message)
        stream = stream_of(message)
        if index is None:
            if piece is not None and stream in self._flowing:
                return
            raise self._unexpected(message)
        line = self._line(index)
        if piece is None:
            raise DifferenceError(line.number, "the output cannot be read", self._show(index), message)
        run = self._runs[index]
        if not run.came_length:
            self._require_turn(index, message)
        self._compare(line.number, _without_pieces(line.message), _without_pieces(message))
        came_bytes = run.came_bytes
        problem = run.take(piece)
        if problem is not None:
            shown = self._output(message, run, came_bytes, piece)
            what = f"{problem}, in {stream[1]} of {stream[0]}"
            raise DifferenceError(line.number, what, shown, _with_lines(message, piece.data))
        for part in run.parts_that_came:
            self._open.pop(part, None)
        if run.is_open:
            self._flowing[stream] = run

    def _output(self, message: dict[str, Any], run: OutputRun, came_bytes: int, piece: Piece) -> dict[str, Any]:
        """The message that would have been right in the place of one that came."""
        data = run.data[came_bytes : came_bytes + len(piece.data) + _SHOWN_BEYOND_BYTES]
        right = _with_lines(message, data)
        right["params"].update(offset=run.start + run.came_length)
        if run.data[came_bytes : came_bytes + len(piece.data)] != piece.data:
            right["params"].update(length=run.length - run.came_length)
        return right

    def _unexpected(self, message: dict[str, Any]) -> DifferenceError:
        if self.is_complete:
            return DifferenceError(self.awaited, "the server says more than is expected", None, message)
        what = "the message is none of those that are expected now; the first of them is shown"
        return DifferenceError(self.awaited, what, self._shown(), message)

    def _shown(self) -> Any:
        index = next(iter(self._open), None)
        return None if index is None else self._show(index)

    def _show(self, index: int) -> Any:
        """What a line expects, with the values of its names."""
        return _with_values(self._line(index).message, self._bindings)

    def _line(self, index: int) -> ServerLine:
        line = self._lines[index]
        assert isinstance(line, ServerLine)
        return line


def _without_pieces(message: dict[str, Any]) -> dict[str, Any]:
    params = message["params"]
    return {**message, "params": {name: value for name, value in params.items() if name not in PIECEWISE}}


def _with_lines(message: dict[str, Any], data: bytes) -> dict[str, Any]:
    """The message with its data as a list of lines, which a diff can tell apart."""
    lines = data.decode(errors="backslashreplace").splitlines(keepends=True)
    return {**message, "params": {**message["params"], "data": lines}}


def _with_values(value: Any, bindings: Bindings) -> Any:
    if type(value) is dict:
        return {name: _with_values(each, bindings) for name, each in value.items()}
    if type(value) is list:
        return [_with_values(each, bindings) for each in value]
    return bindings.value(value) if named(value) is not None else value
