"""One output stream as the client has received it, and not yet given to its reader.

Rules of this file: bytes are given once, in order. Where a reader is so late that there is no room for what comes, the
stream is cut: it asks to be detached, gives what it has, and then says where to go on. Nothing is dropped silently.
"""

from pipe_rpc.conversation.byte_queue import ByteQueue
from pipe_rpc.conversation.errors import StreamDetached
from pipe_rpc.conversation.messages import output_bytes
from pipe_rpc.protocol.types import DetachedParams, OutputParams
from pipe_rpc.protocol.types.member import DetachReasonName, StreamName

_WHY: dict[DetachReasonName | None, str] = {
    None: "it is not attached.",
    "detached": "it was detached.",
    "stolen": "another attachment has taken it.",
    "removed": "the session was removed.",
}


class StreamState:
    """Fed by the conversation, emptied by a reader; not safe for several threads at once."""

    def __init__(self, name: StreamName, queue: ByteQueue) -> None:
        self.name = name
        self.missed_bytes = 0
        """Bytes that the server's ring had overwritten before they could be sent, in gaps of this attachment."""
        self._queue = queue
        self._offset = 0  # of the next byte that will come
        self.attachment_id: str | None = None
        self._reason: DetachReasonName | None = None
        self._is_attached = False
        self._is_closed = False
        self._why_cut: str | None = None

    def begin(self, attachment_id: str | None, offset: int) -> None:
        """An attachment begins; what waits is kept where it goes on right behind it, and else forgotten."""
        if offset != self._offset:
            self._queue.clear()
        self.attachment_id, self._offset = attachment_id, offset
        self._reason, self._why_cut = None, None
        self._is_attached = True
        self.missed_bytes = 0

    def hear_output(self, output: OutputParams) -> bool:
        """Take what came; returns False, once, where the stream must be detached since there is no room for more."""
        self._offset = output.offset + output.length
        self.missed_bytes += output.missed_bytes or 0
        data = output_bytes(output)
        try:
            if self._why_cut is None and self._queue.put(data):
                return True
            why = "its reader is too far behind for spill_bytes."
        except OSError as error:
            why = f"its reader is behind, and the file for what waits failed: {error.strerror or error}."
        self._queue.keep(data)
        first, self._why_cut = self._why_cut is None, self._why_cut or why
        return not first

    def hear_detached(self, event: DetachedParams) -> None:
        """The attachment has ended, unless that was an earlier one."""
        if self.attachment_id in (None, event.attachment_id):
            self._is_attached = False
            self._reason = event.reason
            self._offset = event.offset

    def has_news(self) -> bool:
        """Whether a reader need not wait: for bytes, for the end, or for being told that nothing comes."""
        return not self._is_closed and (len(self._queue) > 0 or not self._is_attached)

    def take(self, limit: int) -> bytes | None:
        """The next bytes, b"" at the end of the stream, None where there is nothing yet. Raises StreamDetached."""
        if data := self._queue.take(limit):
            return data
        if self._is_attached:
            return None
        if self._reason == "ended":
            return b""
        raise StreamDetached(self.name, self._offset, self._reason, self._why_cut or _WHY[self._reason])

    def close(self) -> None:
        """Give everything back; what was not read yet is gone, and a reader is told so rather than of an end."""
        if len(self._queue) or self._reason != "ended":
            self._is_closed = True
        self._queue.clear()
