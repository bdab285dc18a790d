"""pipe_rpc/client: the ends of client and server, and that nothing is left running behind them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

import pytest

from pipe_rpc.client import CallTimeout, EndpointGone, InvalidParams, PipeRpc
from pipe_rpc.client.driver import Driver
from pipe_rpc.conversation.endpoint_process import DEFAULT_COMMAND, EndpointProcess, Step
from tests.support.bare_server import Family
from tests.support.processes import descendants
from tests.support.programs import child, python
from tests.support.trace import DEADLINE_S

HEAVY = {"pygls", "lsprotocol", "asyncio", "tempfile"}


def test_the_end_of_the_block_ends_everything() -> None:
    with PipeRpc() as rpc:
        rpc.spawn(child("stubborn"), grace=0.001)
        session = rpc.spawn(["/bin/cat"])
        family = Family(rpc.pid or 0)
        assert len(family) >= 3
    assert family.survivors() == []
    family.close()
    assert rpc.close() == 0
    for call in (session.wait, session.write, rpc.list, lambda: next(rpc.events())):
        with pytest.raises(EndpointGone, match="closed") as caught:
            call()
        assert caught.value.exit_status == 0


@pytest.mark.parametrize("error", [KeyError("mine"), KeyboardInterrupt(), SystemExit(1)])
def test_whatever_is_raised_in_the_block_ends_everything_too(error: BaseException) -> None:
    families: list[Family] = []

    def use_and_fail() -> None:
        with PipeRpc() as rpc:
            rpc.spawn(["/bin/cat"])
            families.append(Family(rpc.pid or 0))
            raise error

    with pytest.raises(type(error)):
        use_and_fail()
    (family,) = families
    assert family.survivors() == []
    family.close()


def test_ctrl_c_in_the_middle_of_a_wait_loses_no_message() -> None:
    with PipeRpc() as rpc:
        session = rpc.spawn(["/bin/cat"])
        main = threading.main_thread().ident or 0
        for _ in range(20):
            timer = threading.Thread(target=signal.pthread_kill, args=[main, signal.SIGINT])
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it comes at any of these
                timer.start()
                while True:
                    session.info()
            timer.join()
        session.write("still there", close=True)
        assert session.stdout.read() == b"still there"


@pytest.fixture
def hurries(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Each end of a server, and whether it was ended in a hurry."""
    seen: list[bool] = []
    real = EndpointProcess.steps_to_the_end

    def steps_to_the_end(process: EndpointProcess, *, hurry: bool) -> Sequence[Step]:
        seen.append(hurry)
        return real(process, hurry=hurry)

    monkeypatch.setattr(EndpointProcess, "steps_to_the_end", steps_to_the_end)
    return seen


def test_a_second_ctrl_c_while_it_ends_ends_it_in_a_hurry(hurries: list[bool]) -> None:
    with pytest.raises(KeyboardInterrupt), PipeRpc(close_timeout=60) as rpc:  # noqa: PT012 - it comes at the end
        session = rpc.spawn(child("stubborn"), grace=3600)
        session.wait_for(literal="ready")
        family = Family(rpc.pid or 0)
        interrupter = threading.Thread(target=interrupt_when_terminating, args=[rpc, session.id])
        interrupter.start()
    interrupter.join()
    assert family.survivors() == []
    assert hurries == [True]
    family.close()


def test_ctrl_c_even_then_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    rpc = PipeRpc().start()
    rpc.spawn(child("stubborn"), grace=3600).wait_for(literal="ready")
    family = Family(rpc.pid or 0)
    monkeypatch.setattr(Driver, "_end_process", interrupt)
    with pytest.raises(KeyboardInterrupt):
        rpc.close()
    assert family.survivors() == []
    family.close()


def interrupt_when_terminating(rpc: PipeRpc, session_id: str) -> None:
    """Ctrl-C once the shutdown is under way, which then waits for a session with an hour of grace."""
    state = rpc.session(session_id)
    try:
        while state.info().state == "running":
            pass
    except Exception:  # noqa: BLE001 - after the shutdown no request is taken, which says the same
        pass
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_a_session_that_will_not_end_in_time_is_ended_by_force(hurries: list[bool]) -> None:
    with PipeRpc(close_timeout=0.05) as rpc:
        session = rpc.spawn(child("stubborn"), grace=3600)
        session.wait_for(literal="ready")
        family = Family(rpc.pid or 0)
    assert family.survivors() == []
    assert hurries == [True]
    family.close()


def test_an_orderly_end_is_in_no_hurry(hurries: list[bool]) -> None:
    with PipeRpc():
        pass
    assert hurries == [False]


def test_a_server_that_talks_to_people_is_not_held_up() -> None:
    script = "import os, sys; sys.stderr.write('x' * 1_000_000); os.execv(sys.executable, sys.argv[1:])"
    with PipeRpc([sys.executable, "-c", script, *DEFAULT_COMMAND], answer_timeout=DEADLINE_S) as rpc:
        assert rpc.list() == []


def test_a_server_that_is_killed_is_told_with_its_status() -> None:
    with PipeRpc() as rpc:
        session = rpc.spawn(["/bin/cat"])
        family = Family(rpc.pid or 0)
        server, *_ = descendants(rpc.pid or 0) if sys.platform == "linux" else [rpc.pid or 0]
        os.kill(server, signal.SIGKILL)
        with pytest.raises(EndpointGone) as caught:
            session.wait()
        assert caught.value.exit_status not in (None, 0)
        with pytest.raises(EndpointGone):
            rpc.list()
    family.wait_gone()
    family.close()


def test_what_the_server_said_last_is_told() -> None:
    script = "import sys; sys.stderr.write('lost ' * 5000 + 'the key'); sys.exit(3)"
    with pytest.raises(EndpointGone, match="the key") as caught:
        PipeRpc([sys.executable, "-c", script]).start()
    assert caught.value.exit_status == 3
    assert len(caught.value.stderr_tail) == 8192


@pytest.mark.parametrize("script", ["", "print('no frame', flush=True)", "import os, sys; os.close(1); sys.exit(1)"])
def test_what_is_no_server_is_told_and_not_waited_for(script: str) -> None:
    with pytest.raises(EndpointGone):
        PipeRpc([sys.executable, "-c", script]).start()


def test_a_server_that_never_answers_is_given_up_and_ended() -> None:
    with pytest.raises(CallTimeout):
        PipeRpc([sys.executable, "-c", "import sys; sys.stdin.read()"], answer_timeout=0.01).start()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of parents")
def test_a_child_of_the_server_that_holds_its_pipes_does_not_hold_up_the_end() -> None:
    script = "import os, sys\nif os.fork(): os.execv(sys.executable, [sys.executable, '-m', 'pipe_rpc'])\nos.read(0, 1)"
    script = script.replace("os.read(0, 1)", "import signal; signal.pause()")
    rpc = PipeRpc([sys.executable, "-c", script]).start()
    family = Family(rpc.pid or 0)
    holder = [pid for pid in descendants(rpc.pid or 0) if parent_is(pid, rpc.pid or 0)]
    assert rpc.close() == 0
    for pid in holder:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    family.wait_gone()
    family.close()


def parent_is(pid: int, parent: int) -> bool:
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1]) == parent


def test_wrong_options_are_told_and_nothing_is_left_running() -> None:
    with pytest.raises(InvalidParams, match=r"params\.initializationOptions\.encoding"):
        PipeRpc(encoding="latin-1").start()  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        PipeRpc(["/nonexistent/server"]).start()


def test_a_client_without_a_thread_leaves_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    with pytest.raises(RuntimeError, match="thread"):
        PipeRpc().start()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_client_itself_is_told_and_nobody_waits_for_ever() -> None:
    with PipeRpc() as rpc:
        session = rpc.spawn(["/bin/cat"])
        rpc._core._hear = None  # type: ignore[method-assign, assignment]
        session.write("x")
        with pytest.raises(EndpointGone, match="fault of its own"):
            session.stdout.read(timeout=DEADLINE_S)


def test_before_the_start_there_is_nothing_to_ask_or_to_close() -> None:
    rpc = PipeRpc()
    with pytest.raises(EndpointGone, match="not started"):
        rpc.list()
    assert rpc.close() is None


def test_options_go_to_the_server_and_to_its_start() -> None:
    environment = {**os.environ, "FROM_THE_CLIENT": "yes"}
    with PipeRpc(env=environment, cwd="/", originator="you", encoding="base64", grace=5) as rpc:
        session = rpc.spawn(["/bin/sh", "-c", "echo $FROM_THE_CLIENT; pwd"])
        assert session.spawned_info is not None
        assert session.spawned_info.originator == "you"
        assert session.stdout.text() == "yes\n/\n"
        assert session.read().encoding == "base64"


def test_a_program_that_ends_without_closing_leaves_nothing() -> None:
    script = "from pipe_rpc.client import PipeRpc; r = PipeRpc().start(); r.spawn(['/bin/cat']); print(r.pid)"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=DEADLINE_S
    )
    assert int(ended.stdout) > 0, "the fixture looks for what is left"
    family = Family(int(ended.stdout)) if os.path.exists(f"/proc/{int(ended.stdout)}") else None
    if family is not None:
        family.wait_gone()
        family.close()


def test_a_late_answer_to_a_spawn_leaves_no_session() -> None:
    with PipeRpc() as rpc:
        core, calls = rpc._core, rpc._connected
        pending = core.request("session/spawn", {"argv": ["/bin/cat"]}, lambda value: value["sessionId"])
        calls._abandon(pending, core.remove)
        assert rpc.list() == [] or rpc.list() == []


def test_importing_it_brings_neither_pygls_nor_asyncio() -> None:
    script = f"import sys, pipe_rpc.client; print(sorted({HEAVY} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_the_server_imports_no_client() -> None:
    told: list[bytes] = []
    rpc = PipeRpc([sys.executable, "-X", "importtime", "-m", "pipe_rpc"])
    rpc._core.receive_stderr = told.append  # type: ignore[method-assign, assignment]
    with rpc:
        rpc.spawn(python("")).wait()
    modules = {line.rpartition("|")[2].strip() for line in b"".join(told).decode().splitlines()}
    ours = ("pipe_rpc.client", "pipe_rpc.aio", "pipe_rpc.conversation", "asyncio")
    assert "pipe_rpc.server.app" in modules
    assert not {name for name in modules if name.startswith(ours)}
