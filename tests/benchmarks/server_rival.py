"""A server that speaks the wire contract, driven by the fast client."""

import base64
import hashlib
import itertools
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import orjson

from .corpus import Corpus
from .deadline import Deadline, RivalError, WrongResultError
from .fast_client import FastClient, frame, method_of, raw_length_of, session_id_of
from .process import Process, Resident, cpu_s, family_of, resident
from .rival import ColdStart, Encoding, Engine, Rival, Timed, time_each


class ServerRival(Rival):
    """Starts the same server again and again."""

    is_server = True

    def __init__(self, name: str, argv: Sequence[str]) -> None:
        self.name = name
        self._argv = argv

    def start(self, deadline: Deadline, *, pipe_bytes: int | None = None) -> Engine:
        return ServerEngine(self._argv, deadline, pipe_bytes)

    def cold_start(self, deadline: Deadline) -> ColdStart:
        started = perf_counter()
        with ServerEngine(self._argv, deadline) as engine:
            looked_at = perf_counter()
            engine.warm_up()
            first_session_s = perf_counter() - looked_at
            ready_s = engine.answered_at - started
            return ColdStart(ready_s, ready_s + first_session_s, engine.start_cpu_s)


class ServerEngine(Engine):
    """A running server that has answered `initialize`."""

    def __init__(self, argv: Sequence[str], deadline: Deadline, pipe_bytes: int | None = None) -> None:
        self._process = Process(argv, pipe_bytes=pipe_bytes)
        self._ids = itertools.count(1)
        try:
            self._client = FastClient(self._process.stdin_fd, self._process.stdout_fd, deadline)
            self._call("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
            self.answered_at = perf_counter()
            """On the clock of `perf_counter`: when `initialize` was answered."""
            self._client.send(frame({"jsonrpc": "2.0", "method": "initialized", "params": {}}))
            self._pids = family_of(self._process.pid)
            self.start_cpu_s = cpu_s(self._pids)
            """Processor seconds until then."""
        except RivalError as error:
            raise RivalError(f"{error}; its last words: {self._process.close_with_words()}") from error
        except BaseException:
            self._process.close()
            raise

    def warm_up(self) -> None:
        self.spawns(1)

    def round_trips(self, count: int) -> Timed:
        session_id = self._spawn({"argv": ["cat"]})
        ids, frames = self._requests("session/info", [{"sessionId": session_id}] * count)
        answers: list[bytes] = []

        def ask(request: bytes) -> None:
            self._client.send(request)
            answers.append(bytes(self._client.next_body()))

        timed = time_each(ask, frames, self._pids)
        for request_id, answer in zip(ids, answers, strict=True):
            if _result(answer, request_id)["sessionId"] != session_id:
                raise WrongResultError("session/info of another session")
        return timed

    def echoes(self, payloads: Sequence[bytes]) -> Timed:
        session_id = self._spawn({"argv": ["cat"]})
        ids, frames = self._writes(session_id, payloads)
        bodies: list[bytes] = []

        def echo(item: tuple[bytes, int]) -> None:
            request, missing = item
            answered = False
            self._client.send(request)
            while missing or not answered:
                body = self._client.next_body()
                if method_of(body) is None:
                    answered = True
                else:
                    missing -= raw_length_of(body)
                bodies.append(bytes(body))

        timed = time_each(echo, list(zip(frames, map(len, payloads), strict=True)), self._pids)
        _check_echoes(bodies, ids, {session_id: b"".join(payloads)})
        return timed

    def spawns(self, count: int) -> Timed:
        ids, frames = self._requests("session/spawn", [{"argv": ["true"]}] * count)
        bodies: list[bytes] = []

        def spawn(request: bytes) -> None:
            self._client.send(request)
            answered = exited = False
            while not (answered and exited):
                body = self._client.next_body()
                method = method_of(body)
                answered |= method is None
                exited |= method == b"session/exited"
                bodies.append(bytes(body))

        timed = time_each(spawn, frames, self._pids)
        started = {_result(answer, request_id)["sessionId"] for request_id, answer in _by_id(bodies, ids)}
        ended = {exited["sessionId"] for exited in map(_exit_of, bodies) if exited is not None}
        if len(started) != count or started != ended:
            raise WrongResultError(f"{count} asked for, {len(started)} started, {len(ended)} exited")
        return timed

    def stream(self, corpus: Corpus, encoding: Encoding) -> Timed:
        request = self._request("session/spawn", {"argv": ["cat", str(corpus.path)], "encoding": encoding})
        seen_bytes = 0
        exit_code = None

        def relay(request: bytes) -> None:
            nonlocal seen_bytes, exit_code
            self._client.send(request)
            while exit_code is None:
                body = self._client.next_body()
                method = method_of(body)
                if method == b"session/output":
                    seen_bytes += raw_length_of(body)
                elif method == b"session/exited":
                    exit_code = orjson.loads(body)["params"]["exitCode"]

        timed = time_each(relay, [request], self._pids)
        if (seen_bytes, exit_code) != (corpus.size_bytes, 0):
            raise WrongResultError(f"{seen_bytes} of {corpus.size_bytes} bytes, exit code {exit_code}")
        return timed

    def check_stream(self, corpus: Corpus, encoding: Encoding) -> None:
        self._client.send(self._request("session/spawn", {"argv": ["cat", str(corpus.path)], "encoding": encoding}))
        digest = hashlib.sha256()
        offset = 0
        while True:
            message = orjson.loads(self._client.next_body())
            if message.get("method") == "session/exited":
                break
            if message.get("method") != "session/output":
                continue
            output = message["params"]
            data = base64.b64decode(output["data"]) if encoding == "base64" else output["data"].encode()
            if (output["offset"], output["length"], output["encoding"]) != (offset, len(data), encoding):
                raise WrongResultError(
                    f"at {offset}: {len(data)} bytes, called {output['length']} at {output['offset']}"
                )
            offset += len(data)
            digest.update(data)
        if digest.hexdigest() != corpus.sha256:
            raise WrongResultError(
                f"{offset} bytes of {corpus.size_bytes} came, and they are not the ones that were sent"
            )

    def storm(self, payloads: Sequence[Sequence[bytes]]) -> Timed:
        texts = {self._spawn({"argv": ["cat"]}): list(texts) for texts in payloads}
        ids: list[int] = []
        waiting: dict[bytes, list[tuple[bytes, int]]] = {}
        for session_id, session_texts in texts.items():
            session_ids, frames = self._writes(session_id, session_texts)
            ids += session_ids
            sizes = map(len, session_texts)
            waiting[session_id.encode()] = list(zip(frames, sizes, strict=True))[::-1]
        missing = dict.fromkeys(waiting, 0)
        bodies: list[bytes] = []

        def echo_all(_: None) -> None:
            ready = list(waiting)
            unanswered = 0
            unfinished = len(waiting)
            while unfinished or unanswered:
                if ready and not self._client.has_unread():
                    requests = []
                    for session_id in ready:
                        request, missing[session_id] = waiting[session_id].pop()
                        requests.append(request)
                    unanswered += len(ready)
                    ready.clear()
                    self._client.send(b"".join(requests))
                body = self._client.next_body()
                bodies.append(bytes(body))
                if method_of(body) is None:
                    unanswered -= 1
                    continue
                session_id = session_id_of(body)
                missing[session_id] -= raw_length_of(body)
                if not missing[session_id]:
                    if waiting[session_id]:
                        ready.append(session_id)
                    else:
                        unfinished -= 1

        timed = time_each(echo_all, [None], self._pids)
        _check_echoes(bodies, ids, {session_id: b"".join(sent) for session_id, sent in texts.items()})
        return timed

    def hold_sessions(self, count: int) -> None:
        for _ in range(count):
            self._spawn({"argv": ["cat"]})

    def resident(self) -> Resident | None:
        return resident(self._pids)

    def close(self) -> None:
        self._process.close()

    def _requests(self, method: str, params: Sequence[dict[str, Any]]) -> tuple[list[int], list[bytes]]:
        ids = list(itertools.islice(self._ids, len(params)))
        return ids, [
            frame({"jsonrpc": "2.0", "id": request_id, "method": method, "params": of_one})
            for request_id, of_one in zip(ids, params, strict=True)
        ]

    def _request(self, method: str, params: dict[str, Any]) -> bytes:
        return self._requests(method, [params])[1][0]

    def _writes(self, session_id: str, payloads: Sequence[bytes]) -> tuple[list[int], list[bytes]]:
        return self._requests("session/write", [{"sessionId": session_id, "data": data.decode()} for data in payloads])

    def _call(self, method: str, params: dict[str, Any]) -> Any:
        """The result of one request; what else arrives before it is dropped."""
        (request_id,), (request,) = self._requests(method, [params])
        self._client.send(request)
        while True:
            body = self._client.next_body()
            if method_of(body) is None:
                return _result(body, request_id)

    def _spawn(self, params: dict[str, Any]) -> str:
        session_id = self._call("session/spawn", params)["sessionId"]
        assert isinstance(session_id, str)
        return session_id


def _result(body: bytes | memoryview, request_id: int) -> Any:
    answer = orjson.loads(body)
    if answer.get("id") != request_id:
        raise WrongResultError(f"answer {answer.get('id')!r} to request {request_id}")
    if "error" in answer:
        raise WrongResultError(f"error {answer['error'].get('code')}: {answer['error'].get('message')}")
    return answer["result"]


def _by_id(bodies: Sequence[bytes], ids: Sequence[int]) -> list[tuple[int, bytes]]:
    """Each of `ids` with the answer among `bodies`, which has to be exactly one."""
    answers = [(orjson.loads(body).get("id"), body) for body in bodies if method_of(memoryview(body)) is None]
    if sorted(answer_id for answer_id, _ in answers) != sorted(ids):
        raise WrongResultError(f"{len(answers)} answers to {len(ids)} requests")
    return answers


def _exit_of(body: bytes) -> dict[str, Any] | None:
    if method_of(memoryview(body)) != b"session/exited":
        return None
    params: dict[str, Any] = orjson.loads(body)["params"]
    if params["exitCode"] != 0:
        raise WrongResultError(f"exit code {params['exitCode']}")
    return params


def _check_echoes(bodies: Sequence[bytes], ids: Sequence[int], sent: dict[str, bytes]) -> None:
    """Every one of `ids` has its result, and what each session put out is what was `sent` to it."""
    for request_id, answer in _by_id(bodies, ids):
        _result(answer, request_id)
    echoed: dict[str, list[str]] = {session_id: [] for session_id in sent}
    for body in bodies:
        if method_of(memoryview(body)) == b"session/output":
            output = orjson.loads(body)["params"]
            echoed[output["sessionId"]].append(output["data"])
    for session_id, data in sent.items():
        if "".join(echoed[session_id]).encode() != data:
            raise WrongResultError(f"{session_id} did not echo what was written to it")
