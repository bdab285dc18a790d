"""A real Vim in a pseudo terminal, driven over a JSON channel that it opens to the test (`:help channel-commands`)."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.editors import vim
from tests.support.processes import descendants, wait_ended
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S

PLUGIN = Path(__file__).resolve().parents[3] / "editors" / "vim"
ROOT = PLUGIN.parents[1]
POLL_S = 0.003
"""How often Vim is asked whether what is waited for has come; its loop runs meanwhile."""


class VimError(Exception):
    """What was executed in Vim raised this."""


class Vim:
    """One Vim with the plugin on its 'runtimepath', and nothing of the user's. End it by `quit`."""

    def __init__(
        self, home: Path, settings: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """`settings` is `g:pipe_rpc`; where it names no server, the one under test is set."""
        chosen = {"cmd": [*SERVER, "--stdio"], **(settings or {})}
        self._number = 0
        self._unread = b""
        # Its path must be short, and that of `home` need not be.
        path = f"/tmp/pipe-rpc-vim-{os.getpid()}-{time.monotonic_ns()}"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            listener.settimeout(DEADLINE_S)
            self._terminal, slave = os.openpty()
            self._process = subprocess.Popen(
                [vim(), *self._arguments(chosen)],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=home,
                env={
                    **os.environ,
                    **private_places(home),
                    "TERM": "xterm-256color",
                    "PIPE_RPC_TEST_SOCKET": path,
                    **(env or {}),
                },
                start_new_session=True,
            )
            os.close(slave)
            self._socket, _ = listener.accept()
        os.unlink(path)

    @staticmethod
    def _arguments(settings: Mapping[str, Any]) -> list[str]:
        return [
            *("-N", "-u", "NONE", "-i", "NONE", "-n"),
            *("--cmd", f"set runtimepath^={PLUGIN} shortmess+=I hidden nomore"),
            *("--cmd", f"let g:pipe_rpc = json_decode({quoted(json.dumps(settings))})"),
            *("--cmd", f"source {PLUGIN / 'plugin' / 'pipe_rpc.vim'}"),
            *("--cmd", "filetype plugin on"),
            *("-S", str(Path(__file__).with_name("record.vim"))),
        ]

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of Vim."""
        return self._answer("call", function, arguments)

    def _evaluate(self, expression: str) -> Any:
        """Its value, and what went wrong. Functions with `try` fail while Vim asks something, so it is asked again."""
        deadline = time.monotonic() + DEADLINE_S
        while isinstance(answer := self._answer("expr", f"TestValue({quoted(expression)})"), str):
            assert time.monotonic() < deadline, f"{expression}: {answer}"
            self._drain(POLL_S)
        return answer

    def wait_while_asking(self, expression: str) -> None:
        """Return once an expression is true, which needs no function that has `try`: also while Vim asks something."""
        deadline = time.monotonic() + DEADLINE_S
        while not self._answer("expr", f"{expression} ? 1 : 0"):
            assert time.monotonic() < deadline, f"this never came true: {expression}"
            self._drain(POLL_S)

    def _answer(self, *request: Any) -> Any:
        self._number -= 1
        self._send([*request, self._number])
        while True:
            number, result = self._next_message()
            if number == self._number:
                return result

    def value(self, expression: str) -> Any:
        """Evaluate a legacy expression; its value must be what JSON can carry."""
        value, problem = self._evaluate(expression)
        if problem:
            raise VimError(problem)
        return value

    def command(self, line: str) -> None:
        """Execute an Ex command, as typed."""
        if problem := self.call("TestCommand", line):
            raise VimError(problem)

    def type(self, keys: str) -> None:
        """Type keys. They act when Vim reads them: wait for what they do."""
        os.write(self._terminal, keys.encode())

    def wait_for(self, expression: str) -> Any:
        """Return the value of an expression once it is true."""
        deadline = time.monotonic() + DEADLINE_S
        while not (value := self.value(expression)):
            assert time.monotonic() < deadline, f"this never came true: {expression}; notices: {self.notices()}"
            self._drain(POLL_S)
        return value

    def run(self, spec: Any) -> int:
        """Start a job and return its number."""
        number: int = self.value(f"pipe_rpc#Run(json_decode({quoted(json.dumps(spec))}))")
        return number

    def info(self, job: int = 1) -> Any:
        return self.value(f"pipe_rpc#Info({job})")

    def wait_state(self, state: str, job: int = 1) -> None:
        """Return once the job is in that state."""
        self.wait_for(f"pipe_rpc#Info({job}).state == '{state}'")

    def output(self, job: int = 1) -> str:
        """What the buffer of a job shows, without the empty lines at its end."""
        shown: str = self.value(f"TestOutput({job})")
        return shown

    def wait_output(self, text: str, job: int = 1) -> str:
        """Return what the buffer shows once that holds `text`."""
        self.wait_for(f"stridx(TestOutput({job}), {quoted(text)}) >= 0")
        return self.output(job)

    def notices(self) -> list[str]:
        """What the user was told, oldest first."""
        told: list[str] = self.value("pipe_rpc#notices#All()")
        return told

    def wait_notice(self, part: str) -> str:
        """Return the first notice that holds `part`."""
        self.wait_for(f'join(pipe_rpc#notices#All(), "\\n")->stridx({quoted(part)}) >= 0')
        return next(notice for notice in self.notices() if part in notice)

    def server_pids(self) -> list[int]:
        """The processes below Vim: guard, server and jobs."""
        return descendants(self.pid)

    def wait_gone_but(self, count: int) -> None:
        """Return once so many processes are left below Vim."""
        deadline = time.monotonic() + DEADLINE_S
        while len(self.server_pids()) != count:
            assert time.monotonic() < deadline, f"{len(self.server_pids())} processes run, not {count}"
            # Vim reaps when it is asked something.
            self.value("1")

    def quit(self, how: str = "qall!") -> None:
        """Quit as a user would, and return when everything that Vim started has ended, too."""
        if self._process.returncode is not None:
            return
        family = descendants(self.pid)
        if self._process.poll() is None:
            with contextlib.suppress(BrokenPipeError):
                self._send(["ex", how])
        self.close()
        wait_ended(family)

    def end(self, number: signal.Signals) -> None:
        """End it by a signal, and return when everything that it started has ended, too."""
        family = descendants(self.pid)
        os.kill(self.pid, number)
        self.close()
        wait_ended(family)

    def close(self) -> None:
        """Read what Vim draws until it has ended, and reap it; kill one that does not end."""
        deadline = time.monotonic() + DEADLINE_S
        try:
            while self._process.poll() is None:
                assert time.monotonic() < deadline, "Vim does not end"
                self._drain(POLL_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._socket.close()
            os.close(self._terminal)

    def _send(self, message: list[Any]) -> None:
        self._socket.sendall(json.dumps(message, ensure_ascii=False).encode() + b"\n")

    def _next_message(self) -> Any:
        deadline = time.monotonic() + DEADLINE_S + 10
        while b"\n" not in self._unread:
            self._drain(max(0.0, deadline - time.monotonic()), self._socket)
            assert time.monotonic() < deadline, "Vim says nothing"
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)

    def _drain(self, within_s: float, *more: socket.socket) -> None:
        """Read what Vim draws, which it waits for; and what it answers, where that is asked for."""
        ready, _, _ = select.select([self._terminal, *more], [], [], within_s)
        if self._terminal in ready:
            with contextlib.suppress(OSError):  # Linux says so when the other end is closed.
                self.drawn(os.read(self._terminal, 65536))
        for each in more:
            if each in ready:
                data = each.recv(65536)
                assert data, "Vim has ended"
                self._unread += data

    def drawn(self, data: bytes) -> None:
        """What Vim has drawn."""


def private_places(home: Path) -> dict[str, str]:
    """An environment in which Vim finds nothing of the user's."""
    return {"HOME": str(home), "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh", "PYTHONPATH": str(ROOT)}


def quoted(text: str) -> str:
    """As a string of Vim script."""
    return "'" + text.replace("'", "''").replace("\n", "'..\"\\n\"..'") + "'"
