"""A session's stdin as a file object."""

import contextlib
import io
from typing import TYPE_CHECKING

from pipe_rpc.client.input import Input
from pipe_rpc.conversation.errors import StdinClosed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Stdin(io.RawIOBase):
    """A raw file: for ``shutil.copyfileobj``, for ``print(file=…)``, or below ``io.BufferedWriter``.

    It also takes text, as UTF-8. It is not closed when it is forgotten.
    """

    def __init__(self, target: Input) -> None:
        super().__init__()
        self._target = target

    def __del__(self) -> None:
        """Do nothing: files of io close when they are forgotten, and a child's stdin would end with its handle."""

    def writable(self) -> bool:
        """True."""
        return True

    def write(self, data: "ReadableBuffer | str") -> int:
        """Write all of it; returns how many bytes. Raises ValueError after ``close``, and what Session.write raises."""
        if self.closed:
            raise ValueError("stdin is closed")
        return self._target.write(data if isinstance(data, str) else bytes(data))

    def close(self) -> None:
        """Close the child's stdin; without effect the second time, or where the child has closed it."""
        if not self.closed:
            super().close()
            with contextlib.suppress(StdinClosed):  # That is what was wanted.
                self._target.write(b"", close=True)
