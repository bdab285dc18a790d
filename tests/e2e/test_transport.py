"""Frames in any split, many at once, and stdio that is no pair of pipes: files, /dev/null, sockets, terminals."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.bare_server import (
    Family,
    read_messages,
    read_to_end,
    server_on,
    wait_until_taken,
)
from tests.support.frames import decode_frames, encode_frame
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S, Message
from tests.support.wire_client import WireClient

PIPELINED = 10_000
INITIALIZE: Message = {
    "jsonrpc": "2.0",
    "id": "initialize",
    "method": "initialize",
    "params": {"processId": None, "capabilities": {}},
}
SHUTDOWN: Message = {"jsonrpc": "2.0", "id": "shutdown", "method": "shutdown"}
EXIT: Message = {"jsonrpc": "2.0", "method": "exit"}


def request(request_id: int | str, method: str, **params: Any) -> Message:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def framed(*messages: Any) -> bytes:
    return b"".join(encode_frame(message) for message in messages)


# ---------------------------------------------------------------------------------------------------- any split

CONVERSATION = (
    framed(request(1, "session/list"))
    + b"content-length:2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{]"
    + framed(request("zwölf €😀", "no/such"), [], request(3, "session/purge", originator="größer"))
    + b"Content-Length: 0\r\n\r\n"
    + framed({"jsonrpc": "2.0", "method": "$/none"}, request(4, "session/info", sessionId=""))
)
ANSWERS_OF_CONVERSATION = 7


@pytest.fixture(scope="module")
def connection() -> Iterator[WireClient]:
    """One initialized connection for all splits: what is left over from one would spoil the next."""
    with WireClient() as wire:
        wire.initialize()
        yield wire


@pytest.fixture(scope="module")
def in_one_piece(connection: WireClient) -> list[Message]:
    """The answers to the conversation when it is sent whole."""
    connection.send_raw(CONVERSATION)
    answers = [connection.receive() for _ in range(ANSWERS_OF_CONVERSATION)]
    assert [answer["id"] for answer in answers] == [1, None, "zwölf €😀", None, 3, None, 4]
    return answers


def answers_in_pieces(connection: WireClient, cuts: list[int]) -> list[Message]:
    """Send the conversation cut at these places, each piece only when the server has taken the one before."""
    assert connection.process.stdin is not None
    stdin = connection.process.stdin.fileno()
    for begin, end in zip([0, *cuts], [*cuts, len(CONVERSATION)], strict=True):
        connection.send_raw(CONVERSATION[begin:end])
        wait_until_taken(stdin)
    return [connection.receive() for _ in range(ANSWERS_OF_CONVERSATION)]


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="only Linux tells the writer how much the reader has left")
class TestAnySplit:
    def test_a_conversation_cut_once_at_every_byte_is_answered_as_in_one_piece(
        self, connection: WireClient, in_one_piece: list[Message]
    ) -> None:
        for cut in range(1, len(CONVERSATION)):
            assert answers_in_pieces(connection, [cut]) == in_one_piece, f"cut at byte {cut}"

    def test_a_conversation_sent_byte_by_byte_is_answered_as_in_one_piece(
        self, connection: WireClient, in_one_piece: list[Message]
    ) -> None:
        assert answers_in_pieces(connection, list(range(1, len(CONVERSATION)))) == in_one_piece

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cuts=st.sets(st.integers(1, len(CONVERSATION) - 1), max_size=24).map(sorted))
    def test_a_conversation_in_any_pieces_is_answered_as_in_one_piece(
        self, connection: WireClient, in_one_piece: list[Message], cuts: list[int]
    ) -> None:
        assert answers_in_pieces(connection, cuts) == in_one_piece


def test_half_a_frame_holds_up_nobody() -> None:
    with WireClient() as wire:
        wire.initialize()
        session = wire.spawn(["cat"])["sessionId"]
        wire.request("session/write", {"sessionId": session, "data": "still here\n", "close": True})
        whole = framed(request("late", "session/list"))
        wire.send_raw(whole[:-1])

        wire.wait_closed(session)
        wire.send_raw(whole[-1:])
        assert [info["sessionId"] for info in wire.answer("late")["result"]["sessions"]] == [session]


def test_a_frame_cut_off_by_the_end_of_input_is_discarded() -> None:
    with WireClient() as wire:
        wire.initialize()
        wire.send_raw(framed(request(1, "session/list")) + framed(request(2, "session/list"))[:-1])
        wire.close_stdin()

        assert wire.receive()["id"] == 1
        with pytest.raises(EOFError):
            wire.receive()
        assert wire.wait_exit() == 1


# ------------------------------------------------------------------------------------------------- many at once


def test_ten_thousand_frames_in_one_write_are_answered_in_order() -> None:
    with WireClient() as wire:
        wire.initialize()
        wire.send_all(request(number, "session/list", originator="nobody") for number in range(PIPELINED))

        answers = [wire.receive() for _ in range(PIPELINED)]
        assert [answer["id"] for answer in answers] == list(range(PIPELINED))
        assert all(answer["result"] == {"sessions": []} for answer in answers)
        assert wire.request("shutdown") is None
        wire.notify("exit")
        assert wire.wait_exit() == 0


def test_ten_thousand_frames_do_not_starve_a_session() -> None:
    with WireClient() as wire:
        wire.initialize()
        session = wire.spawn(["cat"])["sessionId"]
        wire.send_all(
            [
                request("write", "session/write", sessionId=session, data="between\n"),
                *(request(number, "session/list", originator="nobody") for number in range(PIPELINED)),
            ]
        )
        wire.wait_output(session, "stdout", len("between\n"))

        before_output = 0
        for entry in wire.trace:
            if isinstance(entry.message, dict) and entry.direction == "in":
                if entry.message.get("method") == "session/output":
                    break
                before_output += 1
        assert before_output < PIPELINED


# ------------------------------------------------------------------------------ input that ends with its last request


def test_requests_followed_at_once_by_the_end_of_input_are_all_answered() -> None:
    with WireClient() as wire:
        wire.send_all([INITIALIZE, *(request(number, "session/list") for number in range(100))])
        wire.close_stdin()

        assert wire.answer("initialize")["result"]["serverInfo"]["name"] == "pipe-rpc"
        assert [wire.receive()["id"] for _ in range(100)] == list(range(100))
        assert wire.wait_exit() == 1


def test_requests_that_are_pending_at_the_end_of_input_are_answered() -> None:
    with WireClient() as wire:
        wire.initialize()
        session = wire.spawn(["sleep", "1000"], attach=[])["sessionId"]
        wire.start("session/wait", {"sessionId": session}, id="wait")
        wire.start(
            "session/read", {"sessionId": session, "stream": "stdout", "fromOffset": 0, "waitMs": 10**9}, id="read"
        )
        wire.start("session/write", {"sessionId": session, "data": "x" * (1 << 20)}, id="write")
        with Family(wire.pid) as family:
            wire.close_stdin()

            waited = wire.answer("wait")["result"]["exit"]
            assert (waited["signal"], waited["outcome"], waited["reason"]) == ("SIGTERM", "softExit", "shutdown")
            read = wire.answer("read")["result"]
            assert (read["data"], read["length"], read["ended"]) == ("", 0, True)
            written = wire.answer("write")["error"]
            assert (written["code"], written["data"]["kind"]) == (1006, "StdinClosed")
            assert 0 < written["data"]["bytesWritten"] < 1 << 20
            assert wire.wait_exit() == 1
            assert family.survivors() == []


def test_a_session_of_a_script_gets_its_grace_at_the_end_of_input() -> None:
    with WireClient() as wire:
        child = "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.01; done"
        wire.send_all([INITIALIZE, request(1, "session/spawn", argv=["sh", "-c", child])])
        session = wire.answer(1)["result"]["sessionId"]
        wire.wait_output(session, "stdout", len("ready\n"))
        wire.close_stdin()

        exited = wire.wait_exited(session)
        assert (exited["exitCode"], exited["outcome"], exited["reason"]) == (3, "softExit", "shutdown")
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == b"ready\ncaught\n"
        assert wire.wait_exit() == 1


# ------------------------------------------------------------------------------------------------ other kinds of stdio


def test_stdin_may_be_a_regular_file(tmp_path: Path) -> None:
    requests = tmp_path / "requests.bin"
    requests.write_bytes(framed(INITIALIZE, request(1, "session/list"), request(2, "no/such"), SHUTDOWN, EXIT))
    with requests.open("rb") as stdin:
        ended = subprocess.run(SERVER, stdin=stdin, capture_output=True, timeout=DEADLINE_S, check=False)

    assert [message["id"] for message in decode_frames(ended.stdout)] == ["initialize", 1, 2, "shutdown"]
    assert ended.returncode == 0


def test_stdin_may_be_a_regular_file_that_only_ends(tmp_path: Path) -> None:
    requests = tmp_path / "requests.bin"
    requests.write_bytes(framed(INITIALIZE, request(1, "session/spawn", argv=["sleep", "1000"])))
    with requests.open("rb") as stdin:
        ended = subprocess.run(SERVER, stdin=stdin, capture_output=True, timeout=DEADLINE_S, check=False)

    messages = decode_frames(ended.stdout)
    assert [message["id"] for message in messages[:2]] == ["initialize", 1]
    assert [message["method"] for message in messages[-2:]] == ["session/exited", "session/closed"]
    assert ended.returncode == 1
    with pytest.raises(ProcessLookupError):
        os.kill(messages[1]["result"]["pid"], 0)


def test_stdin_may_be_an_empty_device() -> None:
    ended = subprocess.run(SERVER, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S, check=False)

    assert (ended.returncode, ended.stdout) == (1, b"")


def test_stdout_may_be_a_regular_file(tmp_path: Path) -> None:
    answers = tmp_path / "answers.bin"
    script = framed(INITIALIZE, *(request(number, "session/list") for number in range(1000)), SHUTDOWN, EXIT)
    with answers.open("wb") as stdout:
        ended = subprocess.run(
            SERVER, input=script, stdout=stdout, stderr=subprocess.PIPE, timeout=DEADLINE_S, check=False
        )

    ids = [message["id"] for message in decode_frames(answers.read_bytes())]
    assert ids == ["initialize", *range(1000), "shutdown"]
    assert ended.returncode == 0


def test_both_may_be_regular_files_and_what_stood_in_stdout_stays(tmp_path: Path) -> None:
    requests, answers = tmp_path / "requests.bin", tmp_path / "answers.bin"
    requests.write_bytes(framed(INITIALIZE, SHUTDOWN, EXIT))
    answers.write_bytes(b"before\n")
    with requests.open("rb") as stdin, answers.open("ab") as stdout:
        ended = subprocess.run(
            SERVER, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=DEADLINE_S, check=False
        )

    before, _, frames = answers.read_bytes().partition(b"\n")
    assert before == b"before"
    assert [message["id"] for message in decode_frames(frames)] == ["initialize", "shutdown"]
    assert ended.returncode == 0


def test_the_offset_of_a_file_that_is_shared_moves_on_as_any_filter_would_move_it(tmp_path: Path) -> None:
    answers = tmp_path / "answers.bin"
    with answers.open("wb") as stdout:
        stdout.write(b"before\n")
        stdout.flush()
        subprocess.run(SERVER, input=framed(INITIALIZE, SHUTDOWN, EXIT), stdout=stdout, timeout=DEADLINE_S, check=True)
        os.write(stdout.fileno(), b"after\n")

    before, _, rest = answers.read_bytes().partition(b"\n")
    assert before == b"before"
    assert rest.endswith(b"after\n")
    assert [message["id"] for message in decode_frames(rest.removesuffix(b"after\n"))] == ["initialize", "shutdown"]


def test_stdio_may_be_one_socket_for_both_directions() -> None:
    ours, theirs = socket.socketpair()
    with ours, server_on(theirs.fileno(), theirs.fileno()) as process:
        theirs.close()
        ours.sendall(framed(INITIALIZE, request(1, "session/spawn", argv=["true"], attach=[])))
        messages = read_messages(ours.fileno(), 4)
        assert [message.get("method", message.get("id")) for message in messages] == [
            "initialize",
            1,
            "session/exited",
            "session/closed",
        ]
        ours.sendall(framed(SHUTDOWN, EXIT))
        assert [message["id"] for message in decode_frames(read_to_end(ours.fileno()))] == ["shutdown"]
        assert process.wait(DEADLINE_S) == 0


def test_stdio_may_be_two_sockets_as_node_gives_them() -> None:
    ours_in, their_in = socket.socketpair()
    ours_out, their_out = socket.socketpair()
    with ours_in, ours_out, server_on(their_in.fileno(), their_out.fileno()) as process:
        their_in.close()
        their_out.close()
        big = 4 << 20  # Much more than a socket holds: it has to be written in many pieces.
        ours_in.sendall(framed(INITIALIZE, request(1, "session/spawn", argv=["head", "-c", str(big), "/dev/zero"])))
        received = 0
        buffered = bytearray()
        while b'"session/closed"' not in buffered[-400:]:
            data = ours_out.recv(1 << 16)
            assert data, "the server closed its stdout"
            buffered += data
        for message in decode_frames(bytes(buffered)):
            if message.get("method") == "session/output":
                assert message["params"]["offset"] == received
                received += message["params"]["length"]
        assert received == big
        ours_in.shutdown(socket.SHUT_WR)
        assert read_to_end(ours_out.fileno()) == b""
        assert process.wait(DEADLINE_S) == 1
