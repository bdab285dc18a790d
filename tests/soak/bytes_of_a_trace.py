"""Compares every byte that crossed the wire with what tests/children/counter.py wrote at its offset."""

from collections.abc import Sequence
from pathlib import Path

from tests.children.counter import numbered
from tests.support.trace import Message, TraceEntry, decode_data


class Account:
    """Adds up what each attachment got, from the answer that opened it to what was told of its end."""

    def __init__(self, trace: Sequence[TraceEntry]) -> None:
        """Go through a trace that the oracle has accepted; raises AssertionError at a wrong byte."""
        self.attachments = 0
        self.delivered = 0
        self.missed = 0
        """Bytes that attachments were told to have missed."""
        self.lost = 0
        """Bytes between beginning and end of an attachment that were neither delivered nor told as missed."""
        self.tees: dict[str, int] = {}
        """By path: the offset at which the file begins."""
        self._tee_ends: dict[str, int] = {}
        self._teed: dict[tuple[str, str], str] = {}
        self._asked: dict[object, Message] = {}
        self._current: dict[tuple[str, str], str] = {}
        self._offsets: dict[str, int] = {}
        for entry in trace:
            message = entry.message
            assert not isinstance(message, bytes)
            if entry.direction == "out":
                self._asked[message.get("id")] = message
            elif "method" in message:
                self._hear(message["method"], message["params"])
            elif "result" in message:
                request = self._asked[message["id"]]
                self._see_result(request["method"], request.get("params") or {}, message["result"])

    def _hear(self, method: str, params: Message) -> None:
        match method:
            case "session/output":
                missed = params.get("missedBytes", 0)
                self._offsets[self._current[params["sessionId"], params["stream"]]] += params["length"] + missed
                self.delivered += params["length"]
                self.missed += missed
                assert decode_data(params) == numbered(params["offset"], params["length"]), f"wrong bytes: {params}"
            case "session/detached":
                self.attachments += 1
                self.lost += abs(params["offset"] - self._offsets.pop(params["attachmentId"]))
            case "session/teeError":
                raise AssertionError(f"a tee has failed: {params}")

    def check_files(self) -> None:
        """What is in the files is what was written; ask once the server has ended. Raises AssertionError."""
        for path, begin in self.tees.items():
            data = Path(path).read_bytes()
            assert data == numbered(begin, len(data)), f"wrong bytes in {path}"
            assert begin + len(data) == self._tee_ends.get(path, begin + len(data)), f"{path} ends too early"

    def _see_result(self, method: str, params: Message, result: Message) -> None:  # noqa: C901 - a table of methods
        match method:
            case "session/spawn":
                for stream in ("stdout", "stderr"):
                    if result[stream] and result[stream]["attached"]:
                        self._begin(result["sessionId"], stream, result[stream]["attachmentId"], 0)
                for stream, target in params.get("tee", {}).items():
                    self._begin_tee(result["sessionId"], stream, target["path"], 0)
            case "session/run":
                for stream in ("stdout", "stderr"):
                    told = result[stream]
                    head, tail = told["head"].encode(), told["tail"].encode()
                    assert head == numbered(0, len(head)), f"wrong bytes: {result}"
                    assert tail == numbered(told["nextOffset"] - len(tail), len(tail)), f"wrong bytes: {result}"
            case "session/waitFor" if result["matched"]:
                found = numbered(result["offset"], result["length"]).decode()
                assert result["text"] == found, f"wrong bytes: {result}"
            case "session/tee":
                self._begin_tee(params["sessionId"], params["stream"], params["path"], result["offset"])
            case "session/untee":
                self._tee_ends[self._teed[params["sessionId"], params["stream"]]] = result["offset"]
            case "session/attach":
                self._begin(params["sessionId"], params["stream"], result["attachmentId"], result["offset"])
            case "session/read":
                assert decode_data(result) == numbered(result["offset"], result["length"]), f"wrong bytes: {result}"

    def _begin_tee(self, session: str, stream: str, path: str, offset: int) -> None:
        self.tees[path] = offset
        self._teed[session, stream] = path

    def _begin(self, session: str, stream: str, attachment_id: str, offset: int) -> None:
        self._current[session, stream] = attachment_id
        self._offsets[attachment_id] = offset
