"""pipe_rpc/aio: what is written for asyncio, with the real server; what both clients share is tested with the other."""

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from pipe_rpc.aio import CallTimeout, ClosedParams, EndpointGone, PipeRpc, SessionNotFound, SpawnFailed, StreamDetached
from tests.client.test_slow_readers import FLOOD, FLOOD_BYTES, flooded
from tests.support.bare_server import Family
from tests.support.processes import descendants
from tests.support.programs import child, python, shell


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in an event loop of its own, in which no task may be left."""

    @wraps(test)
    def run(*args: Any, **named: Any) -> None:
        async def watched() -> None:
            await test(*args, **named)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(watched())

    return run


@in_loop
async def test_a_session_from_spawn_to_close() -> None:
    async with PipeRpc() as rpc:
        session = await rpc.spawn(shell("read line; echo got $line; echo ä >&2; exit 3"))
        async with session.stdin as stdin:
            assert await stdin.write("it\n") == 3
            await stdin.flush()
        assert [piece async for piece in session.stdout] == [b"got it\n"]
        assert [line async for line in session.stderr.iter_lines()] == ["ä"]
        assert (await session.wait()).exit_code == 3
        assert isinstance([event async for event in session.events()][-1], ClosedParams)
        assert session.stdin.closed
        with pytest.raises(ValueError, match="closed"):
            await session.stdin.write("more")
        with pytest.raises(SpawnFailed):
            await rpc.spawn(["/nonexistent/program"])
    assert await rpc.close() == 0
    with pytest.raises(EndpointGone, match="closed"):
        await rpc.list()


@in_loop
async def test_many_tasks_share_a_client() -> None:
    async with PipeRpc() as rpc:

        async def work(number: int) -> bytes:
            session = await rpc.spawn(["/bin/cat"])
            writing = asyncio.create_task(session.write(f"{number}\n" * 100_000, close=True))
            said = await session.stdout.read()
            await writing
            return said

        said = await asyncio.gather(*(work(number) for number in range(10)))
    assert said == [f"{number}\n".encode() * 100_000 for number in range(10)]


@in_loop
async def test_a_reader_that_sleeps_gets_every_byte_and_holds_up_nobody() -> None:
    async with PipeRpc(buffer_bytes=100_000) as rpc:
        flood = await rpc.spawn(python(FLOOD), stdin="null")
        awake = asyncio.Event()

        async def sleep_then_read() -> bytes:
            first = await flood.stdout.read(1)
            await awake.wait()
            return first + await flood.stdout.read()

        reader = asyncio.create_task(sleep_then_read())
        other = await rpc.spawn(["/bin/cat"])
        for turn in range(20):
            await other.write(f"{turn}\n")
            assert await other.stdout.read(100, timeout=30) == f"{turn}\n".encode()
        assert (await flood.wait(timeout=60)).exit_code == 0
        assert flood._state.stream("stdout")._queue._in_memory <= 100_000
        awake.set()
        assert hashlib.sha256(await reader).digest() == hashlib.sha256(flooded()).digest()


@in_loop
async def test_a_reader_beyond_the_limit_is_told_where_to_go_on() -> None:
    async with PipeRpc(buffer_bytes=50_000, spill_bytes=200_000) as rpc:
        flood = await rpc.spawn(python(FLOOD), backlog_bytes=FLOOD_BYTES + 1_000_000)
        await flood.wait(timeout=60)
        read = bytearray()
        with pytest.raises(StreamDetached, match="spill_bytes"):  # noqa: PT012 - what comes before counts
            async for piece in flood.stdout:
                read += piece
        await flood.attach(from_offset=len(read))
        read += await flood.stdout.read()
    assert bytes(read) == flooded()


@in_loop
async def test_while_nobody_waits_nothing_is_read_so_the_child_is_paused() -> None:
    async with PipeRpc() as rpc:
        flood = await rpc.spawn(["yes"])
        await flood.stdout.read(1)
        assert rpc._driver is not None
        assert not rpc._driver._is_reading
        waiting = asyncio.create_task(flood.wait())
        await asyncio.sleep(0)
        assert rpc._driver._is_reading
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not rpc._driver._is_reading


@in_loop
async def test_a_cancelled_call_is_cancelled_on_the_wire() -> None:
    async with PipeRpc() as rpc:
        session = await rpc.spawn(["/bin/cat"])
        waiting = asyncio.create_task(session.wait())
        await session.info()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await session.info()
        assert rpc._core._pending == {}, "it was answered"
        with pytest.raises(CallTimeout):
            await session.wait(timeout=0.01)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await session.stdout.read(1)
        await session.write("x")
        assert await session.stdout.read(1) == b"x"


@in_loop
async def test_a_cancelled_spawn_leaves_no_session() -> None:
    async with PipeRpc() as rpc:
        spawning = asyncio.create_task(rpc.spawn(["/bin/cat"]))
        await asyncio.sleep(0)
        spawning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await spawning
        await rpc.list()
        assert await rpc.list() == []


@pytest.mark.parametrize("times", [1, 2, 3])
def test_cancellation_ends_everything_however_often_it_comes(times: int) -> None:
    families: list[Family] = []

    async def use(ready: asyncio.Event) -> None:
        async with PipeRpc() as rpc:
            session = await rpc.spawn(child("stubborn"), grace=3600 if times > 1 else 0)
            await session.wait_for(literal="ready")
            families.append(Family(rpc.pid or 0))
            ready.set()
            await session.wait()

    async def cancel() -> None:
        ready = asyncio.Event()
        task = asyncio.create_task(use(ready))
        await ready.wait()
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    (family,) = families
    assert family.survivors() == []
    family.close()


@in_loop
async def test_a_server_that_is_killed_is_told_with_its_status() -> None:
    async with PipeRpc() as rpc:
        session = await rpc.spawn(["/bin/cat"])
        family = Family(rpc.pid or 0)
        server, *_ = descendants(rpc.pid or 0) if sys.platform == "linux" else [rpc.pid or 0]
        os.kill(server, signal.SIGKILL)
        with pytest.raises(EndpointGone) as caught:
            await session.wait()
        assert caught.value.exit_status not in (None, 0)
    family.wait_gone()
    family.close()


@in_loop
async def test_what_is_no_server_is_told_with_its_last_words() -> None:
    with pytest.raises(EndpointGone, match="the key") as caught:
        await PipeRpc([sys.executable, "-c", "import sys; sys.exit('lost the key')"]).start()
    assert caught.value.exit_status == 1
    with pytest.raises(EndpointGone, match="contract"):
        await PipeRpc([sys.executable, "-c", "print('no frame', flush=True)"]).start()
    with pytest.raises(CallTimeout):
        await PipeRpc([sys.executable, "-c", "import sys; sys.stdin.read()"], answer_timeout=0.01).start()


@in_loop
async def test_a_command_is_run_in_one_call() -> None:
    async with PipeRpc() as rpc:
        one, other = await asyncio.gather(rpc.run(["cat"], input="one"), rpc.run(["cat"], input="other"))
        assert (one.stdout.head, other.stdout.head) == ("one", "other")


@in_loop
async def test_a_run_that_is_given_up_is_terminated() -> None:
    async with PipeRpc() as rpc:
        running = asyncio.create_task(rpc.run(["sleep", "600"], session_id="long"))
        session = rpc.session("long")
        while not running.done():
            try:
                await session.info()
            except SessionNotFound:
                await asyncio.sleep(0)
            else:
                running.cancel()
                break
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await session.wait()).signal == "SIGTERM"
