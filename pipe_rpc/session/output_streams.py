"""The output streams of one session, and which of them has something to tell next.

Rules of this file: each stream minds its own bytes; what concerns both is here.
"""

import os
from collections.abc import Callable, Mapping

from pipe_rpc.buffers.text import EncodedPiece
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.read_order import Run


class OutputStreams(dict[StreamName, OutputStream]):
    """The streams by name.

    ``make`` makes one of its descriptor. Where it raises OSError or MemoryError so does this, and all descriptors are
    closed.
    """

    def __init__(self, fds: Mapping[StreamName, int], make: Callable[[StreamName, int], OutputStream]) -> None:
        super().__init__()
        try:
            for name, fd in fds.items():
                self[name] = make(name, fd)
        except (OSError, MemoryError):
            for name, fd in fds.items():
                if name in self:
                    self[name].close()
                else:
                    os.close(fd)
            raise
        self._by_age = list(self.values())

    @property
    def open_names(self) -> list[StreamName]:
        """Those that some process still holds."""
        return [name for name, stream in self.items() if stream.is_open]

    @property
    def retained_bytes(self) -> int:
        """Output that the rings hold."""
        return sum(len(stream.ring) for stream in self._by_age)

    @property
    def is_behind(self) -> bool:
        """Whether output that is here waits for an attachment."""
        for stream in self._by_age:  # noqa: SIM110 - a generator would take longer than all that it looks at
            if stream.is_behind:
                return True
        return False

    @property
    def may_have_more(self) -> bool:
        """Whether there may be something to tell before anything more happens; False only where there is nothing."""
        for stream in self._by_age:  # noqa: SIM110 - as above
            if stream.is_behind or stream.ended:
                return True
        return False

    @property
    def child_output_delivered(self) -> bool:
        """Whether all that the exited child wrote is with the attachments: see OutputStream."""
        return all(each.child_output_delivered for each in self._by_age)

    def take(self, limit: int) -> tuple[OutputStream, EncodedPiece, int, Run] | None:
        """Deliver the next piece of at most ``limit`` raw bytes, in the order of reading: see OutputStream."""
        if len(self._by_age) > 1 and all(stream.is_behind for stream in self._by_age):
            self._by_age.sort(key=lambda stream: stream.next_seq)
        for stream in self._by_age:
            taken = stream.take(limit)
            if taken is not None:
                return stream, *taken
        return None

    def finished(self) -> OutputStream | None:
        """One that has ended, and whose attachment has got all of it."""
        for stream in self._by_age:
            if stream.ended and stream.attachment is not None and stream.attachment.offset >= stream.ring.end:
                return stream
        return None

    def child_exited(self) -> None:
        """Take note of where the child's own output ends."""
        for stream in self._by_age:
            stream.child_exited()

    def look_for_ends(self) -> None:
        """Read once more where nothing is in the way."""
        for stream in self._by_age:
            stream.look_for_end()

    def close(self) -> None:
        """Stop reading for good, and give the memory back."""
        for stream in self._by_age:
            stream.close()
