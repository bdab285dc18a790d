# Made of pipe_rpc/aio/output.py by python -m tests.house.generate: change that one.
"""A child's output, for whoever reads it.

Rules of this file: every byte is given once, in order, exactly as the child wrote it, whatever the pieces. What nobody
reads waits: first in the pipes, which pauses the child; where the client has to read on for others, in memory, then in
a file without a name. Text is UTF-8; characters are never split.
"""

from collections.abc import Iterator

from pipe_rpc.client.driver import Driver
from pipe_rpc.conversation.errors import CallTimeout
from pipe_rpc.conversation.session_state import SessionState
from pipe_rpc.conversation.text_reader import LineReader, TextReader
from pipe_rpc.protocol.types.member import StreamName

_PIECE_BYTES = 64 * 1024


class OutputStream:
    """Stdout or stderr of one session; iterate for its pieces, as bytes.

    All readers of one stream share it: each byte goes to one of them. Every method may raise CallTimeout when nothing
    comes within ``timeout`` seconds (None: no limit), StreamDetached behind the last byte that was received when the
    stream is not attached any more, or never was, and EndpointGone; what was read is then not given again.
    """

    def __init__(self, driver: Driver, session: SessionState, name: StreamName) -> None:
        self._driver = driver
        self._session = session  # It is fed as long as somebody holds it.
        self._stream = session.stream(name)

    def __iter__(self) -> Iterator[bytes]:
        return self.iter_bytes()

    @property
    def name(self) -> StreamName:
        """The name of the stream on the wire: "stdout" or "stderr"."""
        return self._stream.name

    @property
    def missed_bytes(self) -> int:
        """Bytes that were overwritten before they were sent; always 0 with the overflow "block"."""
        return self._stream.missed_bytes

    def read(self, size: int = -1, *, timeout: float | None = None) -> bytes:
        """The next piece of at most ``size`` bytes; b"" at the end of the stream. Negative: all up to the end."""
        if size < 0:
            whole = bytearray()
            for piece in self.iter_bytes(timeout=timeout):
                whole += piece
            return bytes(whole)
        return self._take(size, timeout) if size else b""

    def text(self, *, timeout: float | None = None) -> str:
        """All up to the end, as text."""
        whole = self.read(timeout=timeout)
        return whole.decode(errors="replace")

    def iter_bytes(self, *, timeout: float | None = None) -> Iterator[bytes]:
        """Pieces up to the end, as they come."""
        while data := self._take(_PIECE_BYTES, timeout):
            yield data

    def iter_text(self, *, timeout: float | None = None) -> Iterator[str]:
        """Pieces up to the end, as text; bytes that are not UTF-8 become U+FFFD."""
        reader = TextReader()
        data = b"\0"
        while data:
            data = self._take(_PIECE_BYTES, timeout)
            if text := reader.feed(data):
                yield text

    def iter_lines(self, *, timeout: float | None = None, longest: int = 1 << 20) -> Iterator[str]:
        """Lines up to the end, as text, without LF and CR LF; what is longer than ``longest`` characters is cut."""
        reader = LineReader(longest)
        data = b"\0"
        while data:
            data = self._take(_PIECE_BYTES, timeout)
            for line in reader.feed(data):
                yield line

    def _take(self, limit: int, timeout: float | None) -> bytes:
        while True:
            try:
                self._driver.until(self._stream.has_news, timeout)
            except TimeoutError:
                raise CallTimeout(f"Nothing on {self.name} within {timeout:g} s.") from None
            with self._driver.guard:
                data = self._stream.take(limit)
            if data is not None:  # Else another reader has taken it.
                return data
