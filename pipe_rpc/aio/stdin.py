"""A session's stdin as an object like a file's, to be awaited."""

import contextlib
from types import TracebackType
from typing import Self

from pipe_rpc.aio.input import Input
from pipe_rpc.conversation.errors import StdinClosed


class Stdin:
    """Write, then close, or use it in ``async with``. It is not closed when it is forgotten."""

    def __init__(self, target: Input) -> None:
        self._target = target
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._is_closed

    async def write(self, data: bytes | bytearray | memoryview | str) -> int:
        """Write all of it; returns how many bytes. Raises ValueError after ``close``, and what Session.write raises."""
        if self._is_closed:
            raise ValueError("stdin is closed")
        return await self._target.write(data)

    async def flush(self) -> None:
        """Nothing waits: a write ends when its bytes have entered the child's pipe."""

    async def close(self) -> None:
        """Close the child's stdin; without effect the second time, or where the child has closed it."""
        if not self._is_closed:
            self._is_closed = True
            with contextlib.suppress(StdinClosed):  # That is what was wanted.
                await self._target.write(b"", close=True)
