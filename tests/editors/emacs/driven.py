"""A real Emacs in a terminal of its own, which evaluates what a test sends and reads the keys that it types."""

from __future__ import annotations

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

from tests.editors.screen import Terminal
from tests.support.editors import emacs_with_json
from tests.support.processes import descendants, wait_ended
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S

PACKAGE = Path(__file__).resolve().parents[3] / "editors" / "emacs"
DRIVE = Path(__file__).with_name("drive.el")
QUIT = "\x07\x1b\x1b\x1b(kill-emacs)"
TREE_ENV = {"PYTHONPATH": str(PACKAGE.parents[1]), "LC_ALL": "C.UTF-8"}
NO_COMPILER = "(setq native-comp-deferred-compilation nil native-comp-jit-compilation nil)"
"""Emacs would translate whatever it loads into machine code in the background, anew for each home directory."""
NO_QUESTIONS = "(setq xterm-extra-capabilities nil)"
"""Emacs would wait two seconds for what the terminal says of itself."""
INSTALL = """
(progn (setq package-user-dir %s)
       (package-initialize)
       (package-install-file %s))
"""


class LispError(Exception):
    """What was evaluated in Emacs signalled this."""


def lisp(value: object) -> str:
    """A value as Emacs Lisp reads it."""
    if value is None or value is False:
        return "nil"
    if value is True:
        return "t"
    if isinstance(value, list | tuple):
        return "(" + " ".join(lisp(each) for each in value) + ")"
    return json.dumps(value, ensure_ascii=False)


def install(into: Path) -> None:
    """Install the package there, as a user would: it is compiled, and its autoloads are made."""
    form = INSTALL % (lisp(str(into)), lisp(f"{PACKAGE}/"))
    command = [emacs_with_json(), "-q", "--batch", "--eval", NO_COMPILER, "--eval", form]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": str(into)})


class Emacs(Terminal):
    """One Emacs with the package installed, and nothing of the user's. End it by `quit`."""

    def __init__(
        self,
        home: Path,
        packages: Path,
        settings: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        files: tuple[str, ...] = (),
    ) -> None:
        """`settings` are variables without their prefix; where they name no server, the one under test is set."""
        chosen = {"command": [*SERVER, "--stdio"], **(settings or {})}
        address = home / "drive"
        address.unlink(missing_ok=True)
        setting = " ".join(f"pipe-rpc-{name} '{lisp(value)}" for name, value in chosen.items())
        places = f"package-user-dir {lisp(str(packages))} package-directory-list nil"
        (home / ".emacs.d").mkdir(exist_ok=True)
        early = [NO_COMPILER, NO_QUESTIONS, f"(setq {places})", f"(setq {setting})"]
        (home / ".emacs.d" / "early-init.el").write_text("\n".join(early))
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(address))
            listening.listen()
            listening.settimeout(DEADLINE_S)
            super().__init__(
                [
                    *(emacs_with_json(), "-nw", "--no-site-file", "-l", str(DRIVE), *files),
                ],
                home,
                {**TREE_ENV, "HOME": str(home), "DRIVE": str(address), "DEADLINE_S": str(DEADLINE_S), **(env or {})},
                QUIT,
            )
            try:
                self._drain_until(listening)
                self._socket = listening.accept()[0]
            except BaseException:
                self._process.kill()
                self.close()
                raise
        self._unread = b""

    def eval(self, form: str, *arguments: object) -> Any:
        """The value of a form; each `%s` in it stands for an argument."""
        return self._ask(form, arguments, wait=False)

    def wait(self, form: str, *arguments: object) -> Any:
        """The value of a form once it is not nil."""
        value = self._ask(form, arguments, wait=True)
        assert value is not None, f"this never came true: {form} {arguments}; messages: {self.messages()}"
        return value

    def call(self, command: str) -> None:
        """Call a command as a key would."""
        self.eval(f"(call-interactively '{command})")

    def run(self, *argv: str, more: str = "") -> int:
        """Start a program as a job and return its number."""
        number: int = self.eval(f"(start :argv '%s {more})", argv)
        return number

    def shell(self, line: str, more: str = "") -> int:
        """Start a line of the shell as a job and return its number."""
        number: int = self.eval(f"(start :shell %s {more})", line)
        return number

    def state(self, job: int = 1) -> str:
        state: str = self.eval("(state %s)", job)
        return state

    def wait_state(self, state: str, job: int = 1) -> None:
        """Return once the job is in that state."""
        self.wait("(equal (state %s) %s)", job, state)

    def output(self, job: int = 1) -> str:
        """What the buffer of a job has."""
        output: str = self.eval("(shown %s)", job)
        return output

    def wait_output(self, text: str, job: int = 1) -> str:
        """What the buffer of a job has, once that holds `text`."""
        self.wait("(shows %s %s)", text, job)
        return self.output(job)

    def messages(self) -> list[str]:
        """What the echo area has shown of the package, oldest first."""
        told: str = self.eval('(with-current-buffer "*Messages*" (buffer-string))')
        return [line for line in told.split("\n") if line.startswith("pipe-rpc: ")]

    def wait_message(self, part: str) -> str:
        """The first message that holds `part`."""
        message: str = self.wait("(noticed %s)", part)
        return message

    def server_pids(self) -> list[int]:
        """The processes below Emacs: guard, server and jobs."""
        return descendants(self.pid)

    def wait_gone_but(self, count: int) -> None:
        """Return once so many processes are left below Emacs."""
        deadline = time.monotonic() + DEADLINE_S
        while len(self.server_pids()) != count:
            assert time.monotonic() < deadline, f"{len(self.server_pids())} processes run, not {count}"
            self._drain()

    def quit(self, form: str = "(kill-emacs)", kill: signal.Signals | None = None) -> None:
        """End Emacs, by a form or a signal; return when everything that it started has ended, too."""
        if self._process.returncode is not None:
            return
        family = self.server_pids()
        if kill is not None:
            os.kill(self.pid, kill)
        elif self._process.poll() is None:
            self._send(f"(run-at-time 0 nil (lambda () {form}))", wait=False)
        deadline = time.monotonic() + DEADLINE_S
        try:
            while self._process.poll() is None:
                assert time.monotonic() < deadline, self.shown
                self._drain()
        finally:
            self._socket.close()
            self._process.kill()
            self._process.wait()
            os.close(self._master)
        wait_ended(family)

    def _ask(self, form: str, arguments: tuple[object, ...], *, wait: bool) -> Any:
        self._send(form % tuple(lisp(argument) for argument in arguments) if arguments else form, wait=wait)
        answer = json.loads(self._line())
        if "error" in answer:
            raise LispError(answer["error"])
        return answer["value"]

    def _send(self, form: str, *, wait: bool) -> None:
        self._socket.sendall(json.dumps({"form": form, "wait": wait}).encode() + b"\n")

    def _line(self) -> bytes:
        while b"\n" not in self._unread:
            self._drain_until(self._socket)
            data = self._socket.recv(65536)
            assert data, "Emacs has ended"
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _drain_until(self, ready: socket.socket) -> None:
        """Draw what Emacs draws until something comes there."""
        deadline = time.monotonic() + DEADLINE_S + 10
        while True:
            found, _, _ = select.select([ready, self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert found, f"Emacs says nothing: {self.shown}"
            if self._master in found:
                assert self._drain() or ready in found, "Emacs has ended"
            if ready in found:
                return

    def _drain(self) -> bool:
        """Draw what Emacs draws, if anything comes soon; false once it is gone."""
        if not select.select([self._master], [], [], 0.01)[0]:
            return True
        try:
            self._stream.feed(os.read(self._master, 65536))
        except OSError:
            return False
        return True
