"""Output of one stream that may come in other pieces than it was recorded in.

Rules of this file: what counts is the bytes, and where they stand in the stream. A run is what follows each other
without a gap; where one piece of it ends says nothing.
"""

import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipe_rpc.conversation.lanes import Place, stream_of
from pipe_rpc.conversation.placeholders import is_placeholder, literal, named
from pipe_rpc.conversation.recording import Line, RecordingError, ServerLine

PIECEWISE = ("offset", "length", "data", "encoding", "missedBytes")
"""The members of output that differ with the pieces in which it comes."""


class Piece(NamedTuple):
    """What one notification brings; ``length`` counts the child's bytes, which text may not tell exactly."""

    offset: int
    length: int
    data: bytes
    is_base64: bool
    missed_bytes: int


class Part(NamedTuple):
    """One line of a run, and how much of the run has come when all of it has."""

    line_index: int
    data_end: int
    length_end: int


def is_output(message: Mapping[str, Any]) -> bool:
    """Whether it is a piece of output."""
    return message.get("method") == "session/output"


def piece_of(message: Mapping[str, Any]) -> Piece | None:
    """The piece that a message brings, or None where its members make no sense."""
    params = message.get("params")
    if type(params) is not dict:
        return None
    match params:
        case {"offset": int(offset), "length": int(length), "data": str(data), "encoding": "utf-8" | "base64" as how}:
            missed = params.get("missedBytes", 0)
            try:
                raw = binascii.a2b_base64(data, strict_mode=True) if how == "base64" else data.encode()
            except ValueError:  # Of binascii.Error, and of UnicodeEncodeError for half of a surrogate pair.
                return None
            return Piece(offset, length, raw, how == "base64", missed) if type(missed) is int else None
        case _:
            return None


class OutputRun:
    """What is expected of a stream without a gap, and how much of it has come.

    A run with a wildcard for ``data`` is ``open``: it takes whatever the stream says.
    """

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open
        self.parts: list[Part] = []
        self.data = b""
        self.came_bytes = 0
        self.came_length = 0
        self.start = 0
        self.missed_bytes = 0
        self.length = 0
        self._base64_only = True

    def add(self, index: int, piece: Piece | None) -> None:
        """Expect a line; ``piece`` is what it brings, or None in an open run."""
        if piece is not None:
            if not self.parts:
                self.start, self.missed_bytes = piece.offset, piece.missed_bytes
            self.data += piece.data
            self.length += piece.length
            self._base64_only &= piece.is_base64
        self.parts.append(Part(index, len(self.data), self.length))

    def goes_on_with(self, piece: Piece | None) -> bool:
        """Whether a piece follows without a gap; None is one of which nothing is known."""
        if self.is_open or piece is None:
            return self.is_open and piece is None
        return piece.offset == self.start + self.length and not piece.missed_bytes

    def take(self, piece: Piece) -> str | None:
        """Take a piece that came; returns what is wrong with it, or None."""
        problem = None if self.is_open else next(self._problems(piece), None)
        if problem is None:
            self.came_bytes += len(piece.data)
            self.came_length += piece.length
        return problem

    def _problems(self, piece: Piece) -> Iterator[str]:
        here = self.start + self.came_length
        if piece.offset != here:
            yield f"the piece begins at offset {piece.offset}, and {here} is the next"
        if piece.missed_bytes != (0 if self.came_length else self.missed_bytes):
            yield f"{piece.missed_bytes} bytes were missed before offset {here}"
        if self.data[self.came_bytes : self.came_bytes + len(piece.data)] != piece.data:
            yield "the output differs"
        if self.came_length + piece.length > self.length:
            yield f"the length {piece.length} is more than is expected from offset {here} on"
        # Only what is no text, or half of a character, may be either: where "auto" was asked for.
        if piece.is_base64 and not self._base64_only and _is_text(piece.data):
            yield "the output is text, and comes as base64"
        if not piece.is_base64 and self._base64_only and _is_text(self.data):
            yield "the output comes as text, and base64 was asked for"

    @property
    def parts_that_came(self) -> list[int]:
        """The indices of the lines of which everything has come."""
        return [
            part.line_index
            for part in self.parts
            if self.is_open or (part.data_end <= self.came_bytes and part.length_end <= self.came_length)
        ]


def runs(lines: Sequence[Line], places: Mapping[int, Place]) -> dict[int, OutputRun]:
    """The run of each line of output, by index. Lines between which an attachment ends or begins make two runs.

    Raises RecordingError for a line of output that does not say what the output is.
    """
    found: dict[int, OutputRun] = {}
    current: dict[tuple[str, str], OutputRun] = {}
    for index, line in enumerate(lines):
        if not isinstance(line, ServerLine):
            continue
        if not is_output(line.message):
            for lane in places[index].keeps:
                if lane[0] == "ends":
                    current.pop((lane[1], lane[2]), None)
            continue
        session, stream = map(str, stream_of(line.message))
        piece = _expected_piece(line)
        run = current.get((session, stream))
        if run is None or not run.goes_on_with(piece):
            run = current[session, stream] = OutputRun(is_open=piece is None)
        run.add(index, piece)
        found[index] = run
    return found


def _expected_piece(line: ServerLine) -> Piece | None:
    """What a line of output brings; None where its data is a wildcard."""
    params = line.message.get("params")
    if type(params) is dict and type(data := params.get("data")) is str:
        if not is_placeholder(data):
            piece = piece_of({"params": {**params, "data": literal(data)}})
            if piece is not None:
                return piece
        elif not any(named(params.get(name)) for name in PIECEWISE):
            return None
    raise RecordingError(
        line.number,
        "a line of output needs offset, length, data and encoding, so that it can be put together of other pieces. "
        'Where any output is right, write "data": "${string}".',
    )


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
