"""A handle of one session."""

import os
from collections.abc import AsyncIterator
from typing import Literal

from pipe_rpc.aio.calls import Calls
from pipe_rpc.aio.events import follow
from pipe_rpc.aio.input import Input
from pipe_rpc.aio.output import OutputStream
from pipe_rpc.aio.stdin import Stdin
from pipe_rpc.conversation.errors import CallTimeout, PatternNotFound
from pipe_rpc.conversation.event_log import LifeEvent
from pipe_rpc.conversation.read_result import ReadResult
from pipe_rpc.conversation.session_state import SessionState
from pipe_rpc.protocol.types import (
    AttachResult,
    DetachResult,
    Empty,
    ExitInfo,
    SessionInfo,
    TeeResult,
    WaitForResult,
    WaitResult,
)
from pipe_rpc.protocol.types.member import EncodingName, StreamName, TeeModeName


class Session:
    """What can be done with a session; the methods are those of the wire, ``session/terminate`` is ``terminate``.

    Arguments are the members of the wire in snake_case; times are seconds, and what is None is left out. ``timeout``
    bounds the wait for an answer: then the request is cancelled and CallTimeout, a TimeoutError, is raised. Every
    method may also raise EndpointGone, and RpcError of the class of its code, such as SessionNotFound.

    A session does not end with its handle; but nobody can read, then, what it writes.
    """

    def __init__(self, calls: Calls, state: SessionState, spawned: SessionInfo | None = None) -> None:
        self.id = state.session_id
        self._spawned = spawned
        self.stdout = OutputStream(calls.driver, state, "stdout")
        self.stderr = OutputStream(calls.driver, state, "stderr")
        """Its stderr; with ``merge_stderr`` everything is on ``stdout``."""
        self.stdin = Stdin(Input(calls, self.id))
        self._input = Input(calls, self.id)
        self._calls = calls
        self._state = state

    def __repr__(self) -> str:
        return f"<Session {self.id}>"

    @property
    def spawned_info(self) -> SessionInfo | None:
        """The session as it was when it was spawned; None for a handle that was made of an id."""
        return self._spawned

    @property
    def pid(self) -> int | None:
        """The process id of the child, and of its process group; None for a handle that was made of an id."""
        return None if self._spawned is None else self._spawned.pid

    async def write(
        self, data: bytes | bytearray | memoryview | str = b"", *, close: bool = False, timeout: float | None = None
    ) -> int:
        """Write to stdin, then close it where that is asked for; returns how many bytes have entered the child's pipe.

        Text goes as UTF-8. More than 1 MiB goes in several requests, between which writes of others may come. Raises
        StdinClosed, StdinFull and CallTimeout, which tell in ``bytes_written`` how much the child's pipe had taken.
        """
        return await self._input.write(data, close=close, timeout=timeout)

    async def read(
        self,
        stream: StreamName = "stdout",
        *,
        from_offset: int | None = None,
        max_bytes: int | None = None,
        wait: float | None = None,
        encoding: EncodingName | None = None,
    ) -> ReadResult:
        """Read retained output, consuming nothing; waits up to ``wait`` seconds where there is nothing new.

        ``from_offset`` is the oldest retained byte unless it is given. What ``stdout`` and ``stderr`` give is not
        affected. Raises OffsetOutOfRange and StreamUnavailable.
        """
        return await self._calls.ask(
            "session/read",
            ReadResult,
            patience=self._patience(wait),
            session_id=self.id,
            stream=stream,
            from_offset=from_offset,
            max_bytes=max_bytes,
            wait=wait,
            encoding=encoding,
        )

    async def attach(
        self,
        stream: StreamName = "stdout",
        *,
        steal: bool | None = None,
        from_offset: int | None = None,
        encoding: EncodingName | None = None,
    ) -> AttachResult:
        """Receive a stream: ``stdout`` or ``stderr`` goes on from ``offset`` of the result.

        Bytes that were received earlier and not read yet come first where the new ones are right behind them, and are
        forgotten else. Raises AlreadyAttached, OffsetOutOfRange and StreamUnavailable.
        """
        return await self._calls.ask(
            "session/attach",
            AttachResult,
            patience=self._calls.answer_timeout,
            hook=lambda result: self._state.attached(stream, result),
            session_id=self.id,
            stream=stream,
            steal=steal,
            from_offset=from_offset,
            encoding=encoding,
        )

    async def detach(self, stream: StreamName = "stdout") -> DetachResult:
        """Stop receiving a stream; the child is not paused any more, and the newest output is retained.

        Readers of the stream get what was received, then StreamDetached. Attach from ``offset`` of the result to lose
        and repeat nothing. Raises NotAttached and StreamUnavailable.
        """
        return await self._calls.ask(
            "session/detach",
            DetachResult,
            patience=self._calls.answer_timeout,
            session_id=self.id,
            stream=stream,
        )

    async def wait_for(
        self,
        stream: StreamName = "stdout",
        *,
        pattern: str | None = None,
        literal: str | None = None,
        from_offset: int | None = None,
        idle: float | None = None,
        timeout: float | None = None,
    ) -> WaitForResult:
        """Wait until a stream says something: a literal, or a pattern in RE2's syntax with ^ and $ at lines.

        Reads along and consumes nothing; begins at the oldest retained byte unless ``from_offset`` is given. Raises
        PatternNotFound when the child has exited or the stream has ended without it, or has brought nothing for
        ``idle`` seconds.
        """
        result = await self._calls.ask(
            "session/waitFor",
            WaitForResult,
            patience=timeout,
            session_id=self.id,
            stream=stream,
            pattern=pattern,
            literal=literal,
            from_offset=from_offset,
            idle=idle,
        )
        if not result.matched:
            raise PatternNotFound(result)
        return result

    async def signal(self, signal: str) -> None:
        """Send a signal, such as "SIGINT", to the process group. Raises SignalFailed."""
        await self._calls.ask(
            "session/signal",
            Empty,
            patience=self._calls.answer_timeout,
            session_id=self.id,
            signal=signal,
        )

    async def terminate(self, *, grace: float | None = None) -> None:
        """SIGTERM now, SIGKILL to what is left after ``grace`` seconds; it does not wait. Raises SignalFailed.

        After the exit it kills what is left of the process group.
        """
        await self._calls.ask(
            "session/terminate",
            Empty,
            patience=self._calls.answer_timeout,
            session_id=self.id,
            grace=grace,
        )

    async def kill(self) -> None:
        """SIGKILL now: ``terminate`` without any grace."""
        await self.terminate(grace=0)

    async def wait(self, *, until: Literal["exited", "closed"] | None = None, timeout: float | None = None) -> ExitInfo:
        """Wait for the exit, or with ``until="closed"`` for the end of its streams too, and tell how it ended.

        Output that nobody reads holds nothing up: it is received meanwhile, and waits for its readers. A time-out of 0
        looks whether it has ended.
        """
        result = await self._calls.ask(
            "session/wait",
            WaitResult,
            patience=timeout,
            session_id=self.id,
            until=until,
        )
        if result.exit is None:
            raise CallTimeout(f"Session {self.id} has not {until or 'exited'} in time.")
        return result.exit

    async def tee(
        self, stream: StreamName = "stdout", *, path: str | os.PathLike[str], mode: TeeModeName | None = None
    ) -> int:
        """Let a stream go into a file as well, at an absolute path; returns the offset of the first byte that does.

        ``wait(until="closed")`` ends when the file is complete; a failure is a TeeErrorParams among the events. Raises
        TeeFailed, AlreadyTeed and StreamUnavailable.
        """
        result = await self._calls.ask(
            "session/tee",
            TeeResult,
            patience=self._calls.answer_timeout,
            session_id=self.id,
            stream=stream,
            path=path,
            mode=mode,
        )
        return result.offset

    async def untee(self, stream: StreamName = "stdout", *, timeout: float | None = None) -> int:
        """End that, and wait until all that came before is in the file; returns the offset behind it.

        Raises TeeFailed and NotTeed.
        """
        result = await self._calls.ask(
            "session/untee",
            TeeResult,
            patience=timeout,
            session_id=self.id,
            stream=stream,
        )
        return result.offset

    async def info(self, *, usage: bool | None = None) -> SessionInfo:
        """Describe the session as it is now, with ``usage`` also what it uses."""
        return await self._calls.ask(
            "session/info",
            SessionInfo,
            patience=self._calls.answer_timeout,
            session_id=self.id,
            usage=usage,
        )

    async def remove(self, *, force: bool | None = None) -> None:
        """Forget the session and its output; with ``force`` kill it first if it is running. Raises SessionRunning."""
        await self._calls.ask(
            "session/remove",
            Empty,
            patience=self._calls.answer_timeout,
            hook=lambda _: self._state.removed(),
            session_id=self.id,
            force=force,
        )

    def events(self, *, timeout: float | None = None) -> AsyncIterator[LifeEvent]:
        """What has happened to it since it was spawned and what happens, up to its close; output is in its streams.

        DetachedParams, ExitedParams behind all output of the child, ClosedParams last; each may take ``timeout``
        seconds. A handle that was made of an id tells what has happened since.
        """
        return follow(self._calls.driver, self._state.events, self._state.events.start, timeout)

    def _patience(self, wait: float | None) -> float | None:
        answer_timeout = self._calls.answer_timeout
        return None if answer_timeout is None else answer_timeout + (wait or 0)
