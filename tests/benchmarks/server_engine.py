"""A running server and the works that it does."""

import contextlib
import itertools
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

from .burst import SpawnBurst
from .corpus import Corpus
from .deadline import Deadline, NotOfferedError, RivalError, WrongResultError
from .fast_client import FastClient
from .flood import Flood
from .process import Process, Resident, cpu_s, family_of, resident
from .relay import Relay
from .rival import FLOOD_ARGV, Burst, Encoding, Engine, Flooded, SlowRead, Timed, time_each
from .slow_reader import read_slowly
from .wire import Answer, Exited, Output, Session, Wire, kept


class ServerEngine(Engine):
    """A server that has answered the first request."""

    def __init__(
        self, argv: Sequence[str], wire: type[Wire], deadline: Deadline, pipe_bytes: int | None = None
    ) -> None:
        self._process = Process(argv, pipe_bytes=pipe_bytes)
        self._deadline = deadline
        self._ids = itertools.count(1)
        try:
            self._client = FastClient(self._process.stdin_fd, self._process.stdout_fd, deadline)
            self._wire = wire(self._client)
            first = next(self._ids)
            self._call(first, self._wire.greeting(first))
            self.answered_at = perf_counter()
            """On the clock of `perf_counter`: when the first request was answered."""
            self._client.send(self._wire.greeted())
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
        session = self._spawn(["cat"])
        ids = self._take_ids(count)
        answers: list[Answer] = []

        def ask(request: bytes) -> None:
            self._client.send(request)
            answers.append(self._answer())

        timed = time_each(ask, [self._wire.ask(request_id, session) for request_id in ids], self._pids)
        for request_id, answer in zip(ids, answers, strict=True):
            answered_id, result = self._wire.result_of(answer)
            if answered_id != request_id or self._wire.session_of(result) not in (session, None):
                raise WrongResultError("an answer to another question")
        return timed

    def echoes(self, payloads: Sequence[bytes]) -> Timed:
        session = self._spawn(["cat"])
        ids, requests = self._writes(session, payloads)
        answers: list[Answer] = []
        outputs: list[Output] = []

        def echo(item: tuple[bytes, int]) -> None:
            request, missing = item
            answered = False
            self._client.send(request)
            while missing or not answered:
                event = self._wire.next_event()
                if isinstance(event, Answer):
                    answered = True
                    answers.append(kept(event))
                elif isinstance(event, Output):
                    missing -= event.size_bytes
                    outputs.append(kept(event))

        timed = time_each(echo, list(zip(requests, map(len, payloads), strict=True)), self._pids)
        self._results(answers, ids)
        self._check_echoes(outputs, {session: b"".join(payloads)})
        return timed

    def spawns(self, count: int) -> Timed:
        ids = self._take_ids(count)
        answers: list[Answer] = []
        exits: list[Exited] = []
        closed = 0

        def spawn(request: bytes) -> None:
            nonlocal closed
            self._client.send(request)
            answered = exited = False
            while not (answered and exited):
                event = self._wire.next_event()
                if isinstance(event, Answer):
                    answered = True
                    answers.append(kept(event))
                elif isinstance(event, Exited):
                    exited = True
                    exits.append(event)
                closed += isinstance(event, self._wire.last)

        timed = time_each(spawn, [self._wire.spawn(request_id, ["true"]) for request_id in ids], self._pids)
        while closed < count:  # Whoever comes next shall not meet what these sessions still tell.
            closed += isinstance(self._wire.next_event(), self._wire.last)
        started = {self._wire.session_of(result) for result in self._results(answers, ids)}
        ended = {event.session for event in exits if event.exit_code == 0}
        if len(started) != count or started != ended:
            raise WrongResultError(f"{count} asked for, {len(started)} started, {len(ended)} exited with 0")
        return timed

    def stream(self, corpus: Corpus, encoding: Encoding | None, *, parse: bool = False) -> Timed:
        return self.relay(["cat", str(corpus.path)], corpus.size_bytes, encoding, parse=parse)

    def relay(
        self, argv: Sequence[str], size_bytes: int, encoding: Encoding | None = None, *, parse: bool = False
    ) -> Timed:
        """One operation: what `argv` writes, which are so many bytes, comes and is forgotten."""
        (request_id,) = self._take_ids(1)
        request = self._wire.spawn(request_id, list(argv), encoding)
        return Relay(self._client, self._wire).measure(request, size_bytes, self._pids, parse=parse)

    def check_stream(self, corpus: Corpus, encoding: Encoding) -> None:
        (request_id,) = self._take_ids(1)
        request = self._wire.spawn(request_id, ["cat", str(corpus.path)], encoding)
        Relay(self._client, self._wire).check(request, corpus, encoding)

    def storm(self, payloads: Sequence[Sequence[bytes]]) -> Timed:
        texts = {self._spawn(["cat"]): list(of_one) for of_one in payloads}
        ids: list[int] = []
        waiting: dict[Session, list[tuple[bytes, int]]] = {}
        for session, of_one in texts.items():
            session_ids, requests = self._writes(session, of_one)
            ids += session_ids
            waiting[session] = list(zip(requests, map(len, of_one), strict=True))[::-1]
        missing = dict.fromkeys(waiting, 0)
        answers: list[Answer] = []
        outputs: list[Output] = []

        def echo_all(_: None) -> None:
            ready = list(waiting)
            unanswered = 0
            unfinished = len(waiting)
            while unfinished or unanswered:
                if ready and not self._wire.has_unread():
                    requests = []
                    for session in ready:
                        request, missing[session] = waiting[session].pop()
                        requests.append(request)
                    unanswered += len(ready)
                    ready.clear()
                    self._client.send(b"".join(requests))
                event = self._wire.next_event()
                if isinstance(event, Answer):
                    unanswered -= 1
                    answers.append(kept(event))
                elif isinstance(event, Output):
                    outputs.append(kept(event))
                    missing[event.session] -= event.size_bytes
                    if not missing[event.session]:
                        if waiting[event.session]:
                            ready.append(event.session)
                        else:
                            unfinished -= 1

        timed = time_each(echo_all, [None], self._pids)
        self._results(answers, ids)
        self._check_echoes(outputs, {session: b"".join(sent) for session, sent in texts.items()})
        return timed

    def flooded(self, floods: int, payloads: Sequence[bytes], window_s: float) -> Flooded:
        if self._wire.unfit_for_floods is not None:
            raise NotOfferedError(self._wire.unfit_for_floods)
        session = self._spawn(["cat"])
        write_ids, writes = self._writes(session, payloads)
        ask_ids = self._take_ids(len(payloads))
        asks = [self._wire.ask(request_id, session) for request_id in ask_ids]
        for _ in range(floods):
            self._spawn(list(FLOOD_ARGV))
        flood = Flood(self._client, self._wire, session)
        flooded = flood.measure(list(zip(writes, map(len, payloads), asks, strict=True)), window_s)
        done = len(flood.answers) // 2
        self._results(flood.answers, [*write_ids[:done], *ask_ids[:done]])
        self._check_echoes(flood.echoed, {session: b"".join(payloads[:done])})
        return flooded

    def burst(self, count: int, payload: Callable[[int], bytes]) -> Burst:
        session = self._spawn(["cat"])
        ids = self._take_ids(count)
        spawns = [self._wire.spawn(request_id, ["true"]) for request_id in ids]
        burst = SpawnBurst(self._client, self._wire, session, self._ids)
        figures = burst.measure(spawns, payload)
        results = self._results(burst.answers, [*ids, *burst.write_ids])
        started = {self._wire.session_of(result) for result in results[:count]}
        if len(started) != count or started != {event.session for event in burst.exits if event.exit_code == 0}:
            raise WrongResultError(f"{count} asked for, {len(started)} started, {len(burst.exits)} exited")
        self._check_echoes(burst.echoed, {session: b"".join(map(payload, range(len(figures.echoes_s))))})
        return figures

    def read_slowly(self, bytes_per_s: int, seconds: float, most_bytes: int) -> SlowRead | None:
        before = self.resident()
        if before is None:
            return None
        self._spawn(list(FLOOD_ARGV))
        try:
            return read_slowly(self._process, before, self.resident, bytes_per_s, seconds, most_bytes, self._deadline)
        finally:
            # A server that keeps a flood in memory would else go on keeping it until it hears the end.
            for child in set(family_of(self._process.pid)) - set(self._pids):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

    def first_output(self) -> None:
        text = b"ready\n"
        (request_id,) = self._take_ids(1)
        self._client.send(self._wire.spawn(request_id, ["echo", text.decode().strip()]))
        while not isinstance(event := self._wire.next_event(), Output):
            pass
        if self._wire.bytes_of(event) != text:
            raise WrongResultError("echo wrote something else")

    def hold_sessions(self, count: int) -> None:
        for _ in range(count):
            self._spawn(["cat"])

    def resident(self) -> Resident | None:
        return resident(self._pids)

    def close(self) -> None:
        if farewell := self._wire.farewell():
            with contextlib.suppress(RivalError):  # That is how the end of its output is told.
                self._client.send(farewell)
                while True:
                    self._client.read_some()
        self._process.close()

    def _take_ids(self, count: int) -> list[int]:
        return list(itertools.islice(self._ids, count))

    def _writes(self, session: Session, payloads: Sequence[bytes]) -> tuple[list[int], list[bytes]]:
        ids = self._take_ids(len(payloads))
        pairs = zip(ids, payloads, strict=True)
        return ids, [self._wire.write(request_id, session, data) for request_id, data in pairs]

    def _answer(self) -> Answer:
        """The next one; what else arrives before it is dropped."""
        while not isinstance(event := self._wire.next_event(), Answer):
            pass
        return kept(event)

    def _call(self, request_id: int, request: bytes) -> Any:
        """The result of one request."""
        self._client.send(request)
        return self._results([self._answer()], [request_id])[0]

    def _spawn(self, argv: list[str]) -> Session:
        (request_id,) = self._take_ids(1)
        session = self._wire.session_of(self._call(request_id, self._wire.spawn(request_id, argv)))
        assert session is not None
        return session

    def _results(self, answers: Iterable[Answer], ids: Sequence[int]) -> list[Any]:
        """The results in the order of `ids`, each of which has to have exactly one."""
        results = sorted(map(self._wire.result_of, answers), key=lambda answered: answered[0])
        if [answered_id for answered_id, _ in results] != sorted(ids):
            raise WrongResultError(f"{len(results)} answers to {len(ids)} requests")
        return [result for _, result in results]

    def _check_echoes(self, outputs: Sequence[Output], sent: dict[Session, bytes]) -> None:
        """What each session put out is what was `sent` to it."""
        echoed: dict[Session, list[bytes]] = {session: [] for session in sent}
        for output in outputs:
            echoed[output.session].append(self._wire.bytes_of(output))
        for session, data in sent.items():
            if b"".join(echoed[session]) != data:
                raise WrongResultError(f"{session} did not echo what was written to it")
