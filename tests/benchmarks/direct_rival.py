"""The same work without any server: the least that the kernel and the processes themselves take."""

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from select import POLLIN, poll
from subprocess import PIPE, Popen
from time import perf_counter

from .bare import bare_run_s
from .corpus import Corpus
from .deadline import Deadline, RivalError, WrongResultError
from .direct_burst import DirectBurst
from .direct_flood import DirectFlood
from .fast_client import FastClient, frame
from .process import Process, Resident, await_input, resident
from .rival import FLOOD_ARGV, Burst, ColdStart, Encoding, Engine, Flooded, Rival, SlowRead, Timed, time_each

REQUEST = frame(
    {"jsonrpc": "2.0", "id": 1000, "method": "session/info", "params": {"sessionId": "pipe-0000000000000000-00000001"}}
)


class DirectRival(Rival):
    """Pipes and processes, driven by the client itself."""

    name = "direct"
    is_server = False

    def start(self, deadline: Deadline, *, pipe_bytes: int | None = None) -> Engine:
        return DirectEngine(deadline, pipe_bytes)

    def cold_start(self, deadline: Deadline) -> ColdStart:
        """A bare interpreter that does nothing, and one that runs `true`."""
        ready_s, first_session_s = (
            bare_run_s(code, deadline) for code in ("pass", "import subprocess; subprocess.run(['true'])")
        )
        return ColdStart(ready_s, first_session_s, None)

    def cold_output(self, deadline: Deadline) -> float:
        """A bare interpreter that runs `echo`."""
        started = perf_counter()
        with Process([sys.executable, "-c", "import subprocess; subprocess.run(['echo', 'ready'])"]) as process:
            await_input(process.stdout_fd, deadline)
            return perf_counter() - started


class DirectEngine(Engine):
    """Has no process of its own until a work needs one."""

    def __init__(self, deadline: Deadline, pipe_bytes: int | None) -> None:
        self._deadline = deadline
        self._pipe_bytes = pipe_bytes
        self._processes = contextlib.ExitStack()

    def warm_up(self) -> None:
        """Nothing is loaded at first use."""

    def round_trips(self, count: int) -> Timed:
        """A request as long as a server's, through one `cat`."""
        return self._through_cats(1, [REQUEST] * count)

    def echoes(self, payloads: Sequence[bytes]) -> Timed:
        """Through `cat | cat | cat`: as many hops as to a server, its child and back."""
        return self._through_cats(3, payloads)

    def spawns(self, count: int) -> Timed:
        """`Popen` with three pipes, end of file, `wait`."""

        def spawn(argv: list[str]) -> None:
            with Popen(argv, bufsize=0, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True) as process:
                assert process.stdout is not None
                await_input(process.stdout.fileno(), self._deadline)
                if process.wait():
                    raise WrongResultError(f"exit code {process.returncode}")

        return time_each(spawn, [["true"]] * count, [])

    def stream(self, corpus: Corpus, encoding: Encoding | None, *, parse: bool = False) -> Timed:
        """`cat FILE | cat`, read by the client; there is nothing to encode, and nothing to parse."""
        copier = self._start(["cat"])
        seen_bytes = 0

        def copy(_: None) -> None:
            nonlocal seen_bytes
            self._feed(copier, corpus)
            seen_bytes = copier.read_to_end(self._deadline, _forget)

        timed = time_each(copy, [None], [copier.pid])
        if seen_bytes != corpus.size_bytes:
            raise WrongResultError(f"{seen_bytes} of {corpus.size_bytes} bytes")
        return timed

    def check_stream(self, corpus: Corpus, encoding: Encoding) -> None:
        copier = self._start(["cat"])
        digest = sha256()
        self._feed(copier, corpus)
        copier.read_to_end(self._deadline, digest.update)
        if digest.hexdigest() != corpus.sha256:
            raise WrongResultError("not the bytes that were sent")

    def storm(self, payloads: Sequence[Sequence[bytes]]) -> Timed:
        """As many `cat`, each on its own pipes, driven by one poll."""
        herd = _Herd([self._start(["cat"]) for _ in payloads], payloads)
        timed = time_each(herd.echo_all, [self._deadline], [])
        if herd.echoed() != [b"".join(texts) for texts in payloads]:
            raise WrongResultError("not what was written")
        return timed

    def flooded(self, floods: int, payloads: Sequence[bytes], window_s: float) -> Flooded:
        """`cat | cat | cat` echoes and a `cat` answers, while the others are read by the same poll."""
        chain, answering = self._chain(3), self._chain(1)
        flood = DirectFlood([self._start(FLOOD_ARGV) for _ in range(floods)], self._deadline)
        echo, ask = ((cats[0].stdin_fd, cats[-1].stdout_fd) for cats in (chain, answering))
        return flood.measure(echo, ask, [(payload, REQUEST) for payload in payloads], window_s)

    def burst(self, count: int, payload: Callable[[int], bytes]) -> Burst:
        """`cat | cat | cat` echoes between one `Popen` and the next."""
        chain = self._chain(3)
        burst = DirectBurst(chain[0].stdin_fd, chain[-1].stdout_fd, self._deadline)
        return burst.measure(count, payload)

    def read_slowly(self, bytes_per_s: int, seconds: float, most_bytes: int) -> SlowRead | None:
        """Between the child and the client there is nothing that could grow."""
        return None

    def first_output(self) -> None:
        await_input(self._start(["echo", "ready"]).stdout_fd, self._deadline)

    def hold_sessions(self, count: int) -> None:
        for _ in range(count):
            self._start(["cat"])

    def resident(self) -> Resident | None:
        """A bare interpreter that waits for input."""
        interpreter = self._start([sys.executable, "-c", "print(flush=True); input()"])
        await_input(interpreter.stdout_fd, self._deadline)
        return resident([interpreter.pid])

    def close(self) -> None:
        self._processes.close()

    def _start(self, argv: Sequence[str], stdin: int = PIPE) -> Process:
        return self._processes.enter_context(Process(argv, stdin=stdin, pipe_bytes=self._pipe_bytes))

    def _feed(self, copier: Process, corpus: Corpus) -> None:
        source = self._processes.enter_context(Popen(["cat", str(corpus.path)], stdout=copier.stdin_fd))
        self._processes.callback(source.kill)
        copier.close_stdin()

    def _chain(self, count: int) -> list[Process]:
        """`cat | cat | …`"""
        cats = [self._start(["cat"])]
        while len(cats) < count:
            cats.append(self._start(["cat"], stdin=cats[-1].stdout_fd))
            cats[-2].close_stdout()
        return cats

    def _through_cats(self, count: int, payloads: Sequence[bytes]) -> Timed:
        cats = self._chain(count)
        client = FastClient(cats[0].stdin_fd, cats[-1].stdout_fd, self._deadline)
        echoed: list[bytes] = []

        def echo(data: bytes) -> None:
            client.send(data)
            echoed.append(client.read_exactly(len(data)))

        timed = time_each(echo, payloads, [cat.pid for cat in cats])
        if echoed != list(payloads):
            raise WrongResultError("not what was written")
        return timed


class _Herd:
    """Many `cat`, each of which echoes its texts one after another."""

    def __init__(self, cats: Sequence[Process], payloads: Sequence[Sequence[bytes]]) -> None:
        self._stdin_of = {cat.stdout_fd: cat.stdin_fd for cat in cats}
        self._waiting = {cat.stdout_fd: list(texts)[::-1] for cat, texts in zip(cats, payloads, strict=True)}
        self._missing = dict.fromkeys(self._waiting, 0)
        self._echoed: dict[int, list[bytes]] = {fd: [] for fd in self._waiting}
        self._poller = poll()
        for fd in self._waiting:
            self._poller.register(fd, POLLIN)

    def echo_all(self, deadline: Deadline) -> None:
        """Until every text is back."""
        unfinished = sum(self._write_next(fd) for fd in self._waiting)
        while unfinished:
            for fd, _ in self._poller.poll(deadline.remaining_s() * 1000):
                data = os.read(fd, 65_536)
                if not data:
                    raise RivalError("a cat ended")
                self._echoed[fd].append(data)
                self._missing[fd] -= len(data)
                if not self._missing[fd] and not self._write_next(fd):
                    unfinished -= 1

    def echoed(self) -> list[bytes]:
        """What each of them echoed."""
        return [b"".join(parts) for parts in self._echoed.values()]

    def _write_next(self, fd: int) -> bool:
        """Whether there was a text left."""
        if not self._waiting[fd]:
            return False
        text = self._waiting[fd].pop()
        self._missing[fd] = len(text)
        os.write(self._stdin_of[fd], text)
        return True


def _forget(_: object) -> None:
    pass
