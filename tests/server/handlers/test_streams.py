"""pipe_rpc/server/handlers/streams.py: attach, detach, read, write."""

import base64
from typing import Any

import pytest

from tests.server.conftest import MakeBench
from tests.server.harness import OUT, Bench, error_kind
from tests.session.harness import MANY_BYTES, FakeChild


@pytest.fixture
def quiet(bench: Bench) -> tuple[Bench, str, FakeChild]:
    """A session that nobody is attached to."""
    session_id, child = bench.spawn(attach=[], backlogBytes=1024)
    return bench, session_id, child


Quiet = tuple[Bench, str, FakeChild]


def stdout(session_id: str, **params: Any) -> dict[str, Any]:
    return {"sessionId": session_id, "stream": "stdout", **params}


class TestAttach:
    def test_the_answer_comes_before_the_first_output(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        child.write(OUT, b"before")
        bench.take()
        bench.wires.send({"jsonrpc": "2.0", "id": 9, "method": "session/attach", "params": stdout(session_id)})
        answer, output = bench.take()
        assert answer["result"] == {"attachmentId": "attachment-00000001", "offset": 0, "missedBytes": 0}
        assert output["params"]["data"] == "before"

    def test_what_was_overwritten_is_counted(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        child.write(OUT, b"x" * 3000)
        bench.turn(10)
        result = bench.result("session/attach", stdout(session_id, fromOffset=100))
        assert (result["offset"], result["missedBytes"]) == (3000 - 1024, 3000 - 1024 - 100)
        bench.result("session/detach", stdout(session_id))
        result = bench.result("session/attach", stdout(session_id))
        assert (result["offset"], result["missedBytes"]) == (3000 - 1024, 0)

    def test_an_attached_stream_is_taken_only_by_stealing(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        first = bench.result("session/attach", stdout(session_id))
        error = bench.refusal("session/attach", stdout(session_id))
        assert error["data"]["kind"] == "AlreadyAttached"
        bench.wires.send(
            {"jsonrpc": "2.0", "id": "s", "method": "session/attach", "params": stdout(session_id, steal=True)}
        )
        child.write(OUT, b"new")
        stolen, answer, output = bench.take()
        assert stolen["params"]["reason"] == "stolen"
        assert stolen["params"]["attachmentId"] == first["attachmentId"]
        assert answer["result"]["attachmentId"] != first["attachmentId"]
        assert output["params"]["data"] == "new"

    def test_an_offset_beyond_the_end_is_refused_and_steals_nothing(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        bench.result("session/attach", stdout(session_id))
        child.write(OUT, b"12345")
        bench.take()
        error = bench.refusal("session/attach", stdout(session_id, fromOffset=6, steal=True))
        assert (error["data"]["kind"], error["data"]["endOffset"]) == ("OffsetOutOfRange", 5)
        assert bench.result("session/info", {"sessionId": session_id})["stdout"]["attached"]
        assert bench.notifications("session/detached") == []


class TestDetach:
    def test_it_tells_where_to_go_on(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        bench.result("session/attach", stdout(session_id))
        child.write(OUT, b"12345")
        bench.take()
        bench.wires.send({"jsonrpc": "2.0", "id": "d", "method": "session/detach", "params": stdout(session_id)})
        detached, answer = bench.take()
        assert detached["params"]["reason"] == "detached"
        assert answer["result"] == {"offset": 5} == {"offset": detached["params"]["offset"]}
        child.write(OUT, b"678")
        assert bench.take() == []
        bench.result("session/attach", stdout(session_id, fromOffset=5))
        (output,) = bench.notifications("session/output")
        assert (output["offset"], output["data"]) == (5, "678")

    def test_what_is_not_attached_cannot_be_detached(self, quiet: Quiet) -> None:
        bench, session_id, _ = quiet
        assert error_kind(bench.request("session/detach", stdout(session_id))) == "NotAttached"

    def test_a_merged_stream_is_unavailable(self, bench: Bench) -> None:
        session_id, _ = bench.spawn(mergeStderr=True)
        for method in ("session/attach", "session/detach", "session/read"):
            answer = bench.request(method, {"sessionId": session_id, "stream": "stderr"})
            assert error_kind(answer) == "StreamUnavailable", method


class TestRead:
    def test_it_consumes_nothing(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        child.write(OUT, b"hello")
        bench.take()
        expected = {
            "offset": 0,
            "length": 5,
            "data": "hello",
            "encoding": "utf-8",
            "missedBytes": 0,
            "nextOffset": 5,
            "ended": False,
        }
        for _ in range(2):
            assert bench.result("session/read", stdout(session_id)) == expected

    def test_it_gives_no_more_than_was_asked_for_and_never_half_a_character(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        child.write(OUT, "aé€😀".encode())
        bench.take()
        pieces = []
        offset = 0
        while True:
            piece = bench.result("session/read", stdout(session_id, fromOffset=offset, maxBytes=3))
            if not piece["length"]:
                break
            pieces.append(piece["data"])
            offset = piece["nextOffset"]
        assert pieces == ["aé", "€", "😀"]

    @pytest.mark.parametrize(
        ("encoding", "data", "used"),
        [("utf-8", "\ufffdx", "utf-8"), ("base64", "/3g=", "base64"), ("auto", "/3g=", "base64")],
    )
    def test_the_encoding_is_told(self, quiet: Quiet, encoding: str, data: str, used: str) -> None:
        bench, session_id, child = quiet
        child.write(OUT, b"\xffx")
        bench.take()
        result = bench.result("session/read", stdout(session_id, encoding=encoding))
        assert (result["data"], result["encoding"], result["length"]) == (data, used, 2)

    def test_nothing_new_is_waited_for_as_long_as_asked(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        waiting = bench.start("session/read", stdout(session_id, waitMs=1000))
        bench.loop.advance(0.999)
        assert bench.answer_or_none(waiting) is None
        bench.loop.advance(0.001)
        assert bench.answer(waiting)["result"]["length"] == 0
        waiting = bench.start("session/read", stdout(session_id, waitMs=1000))
        child.write(OUT, b"news")
        assert bench.answer(waiting)["result"]["data"] == "news"

    def test_the_end_is_news(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        waiting = bench.start("session/read", stdout(session_id, waitMs=1e9))
        child.close_output(OUT)
        assert bench.answer(waiting)["result"]["ended"] is True
        assert bench.result("session/read", stdout(session_id, waitMs=1e9))["ended"] is True

    def test_the_limit_of_one_read_holds_whatever_is_asked_for(self, make_bench: MakeBench) -> None:
        bench = make_bench(max_read_bytes=10, default_read_bytes=4)
        bench.initialize()
        session_id, child = bench.spawn(attach=[])
        child.write(OUT, b"x" * 100)
        bench.take()
        assert bench.result("session/read", stdout(session_id, maxBytes=2**70))["length"] == 10
        assert bench.result("session/read", stdout(session_id))["length"] == 4

    def test_a_cancelled_read_listens_no_more(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        waiting = bench.start("session/read", stdout(session_id, waitMs=1e9))
        bench.notify("$/cancelRequest", {"id": waiting})
        assert error_kind(bench.answer(waiting)) == "RequestCancelled"
        child.write(OUT, b"late")
        assert bench.take() == []
        assert bench.registry.get(session_id).streams[OUT]._waiting == []

    def test_one_piece_of_news_does_not_answer_a_crowd_at_length(self, make_bench: MakeBench) -> None:
        bench = make_bench(outbound_low_water_bytes=8192)
        bench.initialize()
        session_id, child = bench.spawn(attach=[], backlogBytes=65536)
        requests = [bench.start("session/read", stdout(session_id, waitMs=1000)) for _ in range(100)]
        bench.turn(5)
        child.write(OUT, b"x" * 30_000)
        lengths = [bench.answer(request)["result"]["length"] for request in requests]
        assert lengths == [30_000] + [1024] * 99
        rest = bench.result("session/read", stdout(session_id, fromOffset=1024))
        assert rest["length"] == 30_000 - 1024


class TestWrite:
    @pytest.mark.parametrize(
        ("params", "data"),
        [
            ({"data": "text é\0"}, "text é\0".encode()),
            ({"data": base64.b64encode(bytes(range(256))).decode(), "encoding": "base64"}, bytes(range(256))),
        ],
    )
    def test_the_bytes_enter_the_pipe_before_the_answer(
        self, quiet: Quiet, params: dict[str, Any], data: bytes
    ) -> None:
        bench, session_id, child = quiet
        assert bench.result("session/write", {"sessionId": session_id, **params}) == {"bytesWritten": len(data)}
        assert child.read_stdin() == data

    def test_close_comes_behind_the_bytes(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        bench.result("session/write", {"sessionId": session_id, "data": "last", "close": True})
        assert child.read_stdin() == b"last"
        assert child.read_stdin() == b""
        error = bench.refusal("session/write", {"sessionId": session_id, "data": "more"})
        assert (error["data"]["kind"], error["data"]["bytesWritten"]) == ("StdinClosed", 0)

    def test_writes_wait_their_turn_and_are_answered_in_it(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        sizes = [40_000, 40_000, 10]
        for number, size in enumerate(sizes):
            params = {"sessionId": session_id, "data": str(number) * size}
            bench.wires.send({"jsonrpc": "2.0", "id": f"w{number}", "method": "session/write", "params": params})
            bench.received = bench.take()
        read = bytearray()
        bench.turn_until(lambda: not _read_some(child, read, sum(sizes)), "all of it")
        assert bytes(read) == b"0" * 40_000 + b"1" * 40_000 + b"2" * 10
        answers = [message for message in bench.take() if message.get("id", "").startswith("w")]
        assert [answer["id"] for answer in answers] == ["w0", "w1", "w2"]
        assert [answer["result"]["bytesWritten"] for answer in answers] == sizes

    def test_a_cancelled_write_tells_how_much_went_in(self, quiet: Quiet) -> None:
        bench, session_id, child = quiet
        bench.wires.send(
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "session/write",
                "params": {"sessionId": session_id, "data": "x" * 60_000},
            }
        )
        bench.take()
        waiting = bench.start("session/write", {"sessionId": session_id, "data": "y" * 60_000})
        bench.notify("$/cancelRequest", {"id": waiting})
        answer = bench.answer(waiting)
        assert error_kind(answer) == "RequestCancelled"
        went_in = answer["error"]["data"]["bytesWritten"]
        assert child.read_stdin(MANY_BYTES) == b"x" * 60_000 + b"y" * went_in
        assert bench.result("session/write", {"sessionId": session_id, "data": "z"}) == {"bytesWritten": 1}
        assert child.read_stdin() == b"z"

    @pytest.mark.parametrize("data", ["A", "AA", "A===", "AA=A", "AAAA\n", " AAAA", "AAAA=", "*", "é", "AA==AA=="])
    def test_what_is_no_base64_is_refused_and_nothing_is_written(self, quiet: Quiet, data: str) -> None:
        bench, session_id, child = quiet
        error = bench.refusal("session/write", {"sessionId": session_id, "data": data, "encoding": "base64"})
        assert error["data"]["problems"][0]["path"] == "params.data"
        bench.result("session/write", {"sessionId": session_id, "data": "ok"})
        assert child.read_stdin() == b"ok"

    def test_a_queue_above_the_limit_refuses_the_whole_write(self, make_bench: MakeBench) -> None:
        bench = make_bench(max_stdin_bytes=1000)
        bench.initialize()
        session_id, child = bench.spawn()
        error = bench.refusal("session/write", {"sessionId": session_id, "data": "x" * 1001})
        assert error["data"]["kind"] == "StdinFull"
        bench.result("session/write", {"sessionId": session_id, "data": "x" * 1000})
        assert child.read_stdin() == b"x" * 1000

    def test_a_removed_session_answers_the_writes_that_wait(self, quiet: Quiet) -> None:
        bench, session_id, _ = quiet
        params = {"sessionId": session_id, "data": "x" * 60_000}
        bench.wires.send({"jsonrpc": "2.0", "id": "a", "method": "session/write", "params": params})
        bench.take()
        bench.wires.send({"jsonrpc": "2.0", "id": "b", "method": "session/write", "params": params})
        bench.take()
        bench.wires.send({"jsonrpc": "2.0", "id": "c", "method": "session/write", "params": params})
        bench.take()
        messages = bench.send(
            {
                "jsonrpc": "2.0",
                "id": "r",
                "method": "session/remove",
                "params": {"sessionId": session_id, "force": True},
            }
        )
        assert [message["id"] for message in messages] == ["b", "c", "r"]
        assert [error_kind(message) for message in messages[:2]] == ["SessionNotFound"] * 2
        assert messages[2]["result"] == {}


def _read_some(child: FakeChild, read: bytearray, wanted: int) -> bool:
    try:
        read += child.read_stdin()
    except BlockingIOError:
        return True
    return len(read) < wanted
