"""pipe_rpc/client: sessions of a real server, as a program uses them."""

import io
import shutil
import threading
from pathlib import Path

import pytest

from pipe_rpc.client import (
    AlreadyTeed,
    CallTimeout,
    ClosedParams,
    DetachedParams,
    ExitedParams,
    InvalidParams,
    MethodNotFound,
    NotTeed,
    PatternNotFound,
    PipeRpc,
    SessionNotFound,
    SessionRunning,
    SpawnFailed,
    StdinClosed,
    StreamDetached,
    TeeErrorParams,
    TeeFailed,
)
from tests.support.fixture_types import MakeGate
from tests.support.programs import child, python, shell


def test_a_session_from_spawn_to_close_in_order(rpc: PipeRpc) -> None:
    session = rpc.spawn(shell("read line; echo got $line; echo apart >&2; exit 3"))
    assert session.write("it\n") == 3
    assert b"".join(session.stdout) == b"got it\n"
    assert session.stderr.text() == "apart\n"
    assert session.wait().exit_code == 3
    *detached, exited, closed = session.events()
    assert [type(each) for each in detached] == [DetachedParams, DetachedParams]
    assert isinstance(exited, ExitedParams)
    assert isinstance(closed, ClosedParams)
    assert list(session.events()) == [*detached, exited, closed], "each reader begins at the beginning"


def test_what_the_server_says_of_itself_is_there(rpc: PipeRpc) -> None:
    assert rpc.server.protocol_version == 1
    assert rpc.server.limits["maxSessions"] > 0
    assert rpc.server.containment in ("cgroup", "subreaper", "group")
    assert "session/spawn" in rpc.server.methods


def test_output_is_exact_to_the_byte(rpc: PipeRpc) -> None:
    session = rpc.spawn(python("import sys; sys.stdout.buffer.write(bytes(range(256)) * 300)"))
    assert session.stdout.read() == bytes(range(256)) * 300
    assert session.stdout.read() == b""
    assert session.read(max_bytes=256).raw == bytes(range(256))


@pytest.mark.parametrize("size", [1, 3])
def test_small_reads_give_the_same_bytes(rpc: PipeRpc, size: int) -> None:
    session = rpc.spawn(["/bin/echo", "äöü"])
    pieces = list(iter(lambda: session.stdout.read(size), b""))
    assert b"".join(pieces) == "äöü\n".encode()
    assert max(map(len, pieces)) <= size


def test_characters_and_lines_are_never_split(rpc: PipeRpc, gate: MakeGate) -> None:
    between = gate()
    session = rpc.spawn(shell(r'printf "one\r\n\303"; read _ < $1; printf "\244\n\nlast"', between.path))
    lines = session.stdout.iter_lines()
    assert next(lines) == "one"
    between.open_and_release()
    assert list(lines) == ["ä", "", "last"]
    other = rpc.spawn(shell(r'printf "\303"; read _ < $1; printf "\244\377"', between.path))
    assert other.read(wait=30, encoding="base64").raw == b"\xc3"
    between.open_and_release()
    assert "".join(other.stdout.iter_text()) == "ä\N{REPLACEMENT CHARACTER}"


def test_stdin_is_a_file_object(rpc: PipeRpc) -> None:
    session = rpc.spawn(["/bin/cat"])
    with session.stdin:
        print("one", 1, file=session.stdin)
        shutil.copyfileobj(io.BytesIO(b"two\n\xff"), session.stdin)
        session.stdin.write(memoryview(b"\n"))
        text = io.TextIOWrapper(io.BufferedWriter(session.stdin), encoding="utf-16-le", write_through=True)
        text.write("x")
        text.flush()
        text.detach()
    assert session.stdout.read() == b"one 1\ntwo\n\xff\nx\0"
    assert session.stdin.closed
    session.stdin.close()
    with pytest.raises(ValueError, match="closed"):
        session.stdin.write("more")


def test_a_forgotten_handle_of_stdin_does_not_close_it(rpc: PipeRpc) -> None:
    session_id = rpc.spawn(["/bin/cat"]).id
    assert rpc.session(session_id).info().stdin.open


def test_large_writes_go_in_pieces_and_cross_their_echo(rpc: PipeRpc) -> None:
    data = bytes(range(256)) * 12_000
    session = rpc.spawn(["/bin/cat"])
    assert session.write(data, close=True) == len(data)
    assert session.stdout.read() == data


def test_a_write_that_fails_tells_how_much_was_taken(rpc: PipeRpc) -> None:
    session = rpc.spawn(shell("exec sleep 100"))
    with pytest.raises(CallTimeout) as late:
        session.write(b"x" * 3_000_000, timeout=0.05)
    assert 0 < (late.value.bytes_written or 0) < 3_000_000
    session.write(close=True)
    with pytest.raises(StdinClosed) as caught:
        session.write("more")
    assert caught.value.bytes_written == 0


def test_a_time_out_cancels_the_request_on_the_wire(rpc: PipeRpc) -> None:
    session = rpc.spawn(["/bin/cat"])
    with pytest.raises(TimeoutError):
        session.wait(timeout=0.01)
    with pytest.raises(CallTimeout):
        session.wait_for(literal="never", timeout=0.01)
    with pytest.raises(CallTimeout):
        session.stdout.read(1, timeout=0.01)
    with pytest.raises(CallTimeout):
        next(session.events(timeout=0.01))
    assert rpc._core._pending == {}, "each was answered"
    session.kill()
    assert session.wait().signal == "SIGKILL"
    assert session.wait(timeout=0).signal == "SIGKILL", "a time-out of 0 looks"


def test_waiting_for_output(rpc: PipeRpc) -> None:
    session = rpc.spawn(shell("echo listening on 4711; read _"))
    found = session.wait_for(pattern=r"on (?P<port>\d+)$", timeout=30)
    assert found.named == {"port": "4711"}
    assert next(iter(session.stdout)) == b"listening on 4711\n", "nothing was consumed"
    with pytest.raises(PatternNotFound) as idle:
        session.wait_for(literal="never", idle=0.01)
    assert idle.value.reason == "idle"
    session.write(close=True)
    with pytest.raises(PatternNotFound) as caught:
        session.wait_for(literal="never")
    assert caught.value.reason == "exited"


def test_refusals_are_of_the_class_of_their_code(rpc: PipeRpc) -> None:
    with pytest.raises(SessionNotFound) as unknown:
        rpc.session("pipe-none").info()
    assert unknown.value.session_id == "pipe-none"
    with pytest.raises(SpawnFailed) as caught:
        rpc.spawn(["/nonexistent/program"])
    assert (caught.value.errno, caught.value.stage) == ("ENOENT", "exec")
    with pytest.raises(InvalidParams) as wrong:
        rpc.spawn("ls -l")
    assert wrong.value.problems == [{"path": "params.argv", "problem": "must be an array, not a string"}]
    with pytest.raises(MethodNotFound):
        rpc.request("no/such/method")
    session = rpc.spawn(["/bin/cat"])
    with pytest.raises(SessionRunning):
        session.remove()
    with pytest.raises(ValueError, match="JSON"):
        session.terminate(grace=float("nan"))


def test_detach_and_attach_lose_and_repeat_nothing(rpc: PipeRpc) -> None:
    session = rpc.spawn(["/bin/cat"])
    session.write("one\n")
    session.wait_for(literal="one\n")
    offset = session.detach().offset
    assert session.stdout.read(100) + session.read(from_offset=offset).raw == b"one\n"
    with pytest.raises(StreamDetached) as caught:
        session.stdout.read(100)
    assert (caught.value.offset, caught.value.reason) == (offset, "detached")
    session.write("two\n", close=True)
    assert session.attach(from_offset=0).offset == 0
    assert session.stdout.read() == b"one\ntwo\n"
    session.wait(until="closed")
    session.attach("stdout", from_offset=4)
    assert session.stdout.text() == "two\n", "it works after the end, too"


def test_an_attachment_stolen_by_another_handle_goes_on_there(rpc: PipeRpc) -> None:
    session = rpc.spawn(["/bin/cat"], attach=[])
    with pytest.raises(StreamDetached) as caught:
        session.stdout.read(1)
    assert caught.value.reason is None
    session.attach()
    session.attach(steal=True, from_offset=0)
    session.write("x", close=True)
    assert session.stdout.read() == b"x", "the end of the stolen attachment is not the end of this one"


def test_signals_and_ends(rpc: PipeRpc) -> None:
    session = rpc.spawn(child("stubborn"), originator="job")
    assert session.wait_for(literal="ready")
    session.signal("SIGINT")
    assert [info.session_id for info in rpc.list(originator="job")] == [session.id]
    assert rpc.terminate_all(originator="job", older_than=3600) == 0
    assert rpc.terminate_all(originator="job", grace=3600) == 1
    assert session.info().state == "terminating"
    session.terminate(grace=0)
    ended = session.wait(until="closed")
    assert (ended.signal, ended.outcome, ended.reason) == ("SIGKILL", "hardKilled", "request")
    assert rpc.purge(originator="job") == 1
    limited = rpc.spawn(["/bin/cat"], timeout=0.01)
    assert limited.wait().reason == "timeout"


def test_a_removed_session_ends_its_readers() -> None:
    with PipeRpc() as rpc:
        session = rpc.spawn(["/bin/cat"])
        session.remove(force=True)
        with pytest.raises(StreamDetached) as caught:
            session.stdout.read()
        assert caught.value.reason == "removed"
        assert [type(each) for each in session.events()] == [DetachedParams, DetachedParams]


def test_events_of_all_sessions_come_in_order(rpc: PipeRpc) -> None:
    events = rpc.events(timeout=30)
    sessions = [rpc.spawn(["/bin/echo", str(number)]) for number in range(3)]
    closed: list[str] = []
    while len(closed) < 3:
        event = next(events)
        if isinstance(event, ClosedParams):
            closed.append(event.session_id)
    assert sorted(closed) == [session.id for session in sessions]


def test_many_threads_share_a_client(rpc: PipeRpc) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(3):
                session = rpc.spawn(["/bin/cat"])
                data = f"{number}.{turn}\n".encode() * 2000
                assert session.write(data, close=True) == len(data)
                assert session.stdout.read(timeout=60) == data
                assert session.wait(timeout=60).exit_code == 0
        except BaseException as error:  # noqa: BLE001 - it is raised where the test can see it
            failures.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_two_readers_of_one_stream_share_its_bytes(rpc: PipeRpc) -> None:
    session = rpc.spawn(python("import sys\nfor n in range(3000): sys.stdout.write('x' * 100)"))
    sizes: list[int] = []
    threads = [threading.Thread(target=lambda: sizes.append(len(session.stdout.read(timeout=60)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sizes) == 300_000


def test_a_command_is_run_in_one_call(rpc: PipeRpc) -> None:
    result = rpc.run(shell("cat; echo error >&2; exit 3"), input=b"gr\xff\n")
    assert result.exit is not None
    assert (result.exit.exit_code, result.running) == (3, False)
    assert (result.stdout.head, result.stdout.encoding) == ("Z3L/Cg==", "base64")
    assert result.stderr is not None
    assert result.stderr.head == "error\n"
    assert rpc.session(result.session_id).info().exit == result.exit


def test_a_long_command_yields_and_is_gone_on_with(rpc: PipeRpc, gate: MakeGate) -> None:
    held = gate()
    first = rpc.run(shell("echo begun; read _ < $1; echo done", held.path), yield_=0, session_id="long")
    assert first.running
    session = rpc.session(first.session_id)
    session.wait_for(literal="begun")
    held.open_and_release()
    assert session.wait().exit_code == 0
    assert session.read().raw == b"begun\ndone\n"


def test_a_spawn_with_an_id_can_be_repeated(rpc: PipeRpc) -> None:
    first = rpc.spawn(["cat"], session_id="mine")
    first.write("x", close=True)
    again = rpc.spawn(["cat"], session_id="mine")
    assert (again.id, again.pid) == ("mine", first.pid)
    assert b"".join(first.stdout) == b"x"
    with pytest.raises(InvalidParams, match="names the session of 'cat'"):
        rpc.spawn(["cat", "-u"], session_id="mine")


def test_streams_go_into_files(rpc: PipeRpc, tmp_path: Path) -> None:
    session = rpc.spawn(["cat"], tee={"stdout": {"path": tmp_path / "all", "mode": "truncate"}})
    session.write("one")
    session.wait_for(literal="one")
    with pytest.raises(AlreadyTeed):
        session.tee(path=tmp_path / "other")
    assert session.untee() == 3
    with pytest.raises(NotTeed):
        session.untee()
    assert session.tee("stdout", path=tmp_path / "rest") == 3
    session.write("two", close=True)
    session.wait(until="closed")
    assert ((tmp_path / "all").read_bytes(), (tmp_path / "rest").read_bytes()) == (b"one", b"two")
    with pytest.raises(TeeFailed) as failed:
        session.tee(path="/nonexistent/folder/file")
    assert (failed.value.errno, failed.value.path) == ("ENOENT", "/nonexistent/folder/file")


def test_a_file_that_fails_is_an_event(rpc: PipeRpc) -> None:
    session = rpc.spawn(["echo", "x"], tee={"stdout": {"path": "/dev/full"}})
    failed = [event for event in session.events() if isinstance(event, TeeErrorParams)]
    assert [(each.path, each.offset, each.errno) for each in failed] == [("/dev/full", 0, "ENOSPC")]


def test_a_session_has_limits_and_tells_what_it_uses(rpc: PipeRpc) -> None:
    session = rpc.spawn(shell("ulimit -n; echo $LIMITED; exec cat"), rlimits={"nofile": 50}, env={"LIMITED": "yes"})
    session.wait_for(literal="yes")
    assert session.read().raw == b"50\nyes\n"
    usage = session.info(usage=True).usage
    assert usage is None or usage.rss_bytes is None or usage.rss_bytes > 0
    assert session.info().usage is None
    session.kill()
