"""A real Neovim, driven over its own msgpack-RPC as a user interface would."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgpack

from tests.support.editors import neovim
from tests.support.processes import descendants, wait_ended
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S

PLUGIN = Path(__file__).resolve().parents[3] / "editors" / "nvim"
OLDEST = (0, 10)
POLL_MS = 5
"""How often Neovim looks whether what is waited for has come; its loop runs meanwhile."""
TREE_ENV = {"PYTHONPATH": str(PLUGIN.parents[1])}


class LuaError(Exception):
    """What was executed in Neovim raised this."""


class Neovim:
    """One Neovim with the plugin on its 'runtimepath', and nothing of the user's. End it by `quit`."""

    def __init__(
        self, home: Path, settings: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """`settings` is `vim.g.pipe_rpc`; where it names no server, the one under test is set."""
        chosen = {"cmd": [*SERVER, "--stdio"], **(settings or {})}
        self.home = home
        self._process = subprocess.Popen(
            [
                neovim(*OLDEST),
                "--embed",
                "--headless",
                "--clean",
                "-n",
                "--cmd",
                f"set runtimepath^={PLUGIN}",
                "--cmd",
                f"lua vim.g.pipe_rpc = vim.json.decode({_lua_string(json.dumps(chosen))})",
                "--cmd",
                f"luafile {Path(__file__).with_name('record.lua')}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **private_places(home), **(env or {})},
            cwd=home,
            bufsize=0,
        )
        self._unpacker = msgpack.Unpacker(raw=False, unicode_errors="surrogateescape", strict_map_key=False)
        self._number = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    def request(self, method: str, *arguments: Any) -> Any:
        """Call a function of Neovim's API."""
        assert self._process.stdin is not None
        self._number += 1
        self._process.stdin.write(msgpack.packb([0, self._number, method, arguments]))
        while True:
            kind, number, *rest = self._next_message()
            if kind == 1 and number == self._number:
                error, result = rest
                if error is not None:
                    raise LuaError(error[1])
                return result

    def lua(self, code: str, *arguments: Any) -> Any:
        """Execute Lua; its result must be what msgpack can carry."""
        return self.request("nvim_exec_lua", code, arguments)

    def command(self, line: str) -> None:
        """Execute an Ex command, as typed."""
        self.request("nvim_command", line)

    def type(self, keys: str) -> None:
        """Type keys, in the notation of maps, and return when they have acted."""
        self.request("nvim_input", keys)
        self.wait_for("vim.api.nvim_get_mode().blocking == false")

    def wait_for(self, condition: str, *arguments: Any) -> Any:
        """Return the value of an expression of Lua once it is neither nil nor false."""
        code = f"""
            local arguments = {{ ... }}
            local value
            vim.wait({int(DEADLINE_S * 1000)}, function()
              value = (function(...) return {condition} end)(unpack(arguments))
              return value
            end, {POLL_MS})
            return value or nil
        """
        value = self.lua(code, *arguments)
        assert value is not None, f"this never came true: {condition}; notices: {self.notices()}"
        return value

    def run(self, spec: Any) -> int:
        """Start a job and return its number."""
        number: int = self.lua("return require('pipe_rpc').run(...).number", spec)
        return number

    def state(self, job: int = 1) -> str:
        state: str = self.lua("return require('pipe_rpc').job(...).state", job)
        return state

    def wait_state(self, state: str, job: int = 1) -> None:
        """Return once the job is in that state."""
        self.wait_for(f"require('pipe_rpc').job(...).state == {_lua_string(state)}", job)

    def output(self, job: int = 1) -> str:
        """What the buffer of a job shows, without the empty lines at its end."""
        code = "return vim.api.nvim_buf_get_lines(require('pipe_rpc').job(...).output.number, 0, -1, false)"
        return "\n".join(self.lua(code, job)).rstrip("\n")

    def wait_output(self, text: str, job: int = 1) -> str:
        """Return what the buffer shows once that holds `text`."""
        self.wait_for("shows(...)", job, text)
        return self.output(job)

    def notices(self) -> list[str]:
        """What `vim.notify` was called with, oldest first."""
        told: list[str] = self.lua("return vim.tbl_map(function(notice) return notice[1] end, notices)")
        return told

    def wait_notice(self, part: str) -> str:
        """Return the first notice that holds `part`."""
        notice: str = self.wait_for("noticed(...)", part)
        return notice

    def server_pids(self) -> list[int]:
        """The processes below Neovim: guard, server and jobs."""
        return descendants(self.pid)

    def wait_gone_but(self, count: int) -> None:
        """Return once so many processes are left below Neovim."""
        deadline = time.monotonic() + DEADLINE_S
        while len(self.server_pids()) != count:
            assert time.monotonic() < deadline, f"{len(self.server_pids())} processes run, not {count}"
            os.sched_yield()

    def quit(self, how: str = "qall!") -> None:
        """Quit as a user would, and return when everything that Neovim started has ended, too."""
        if self._process.returncode is not None:
            return
        family = descendants(self.pid)
        if self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.write(msgpack.packb([2, "nvim_command", [how]]))
        self.close()
        wait_ended(family)

    def close(self) -> None:
        """Close the pipes and reap Neovim; kill one that does not end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.wait(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process.stdin.close()
            self._process.stdout.close()

    def _next_message(self) -> Any:
        assert self._process.stdout is not None
        deadline = time.monotonic() + DEADLINE_S + 10
        while True:
            try:
                return self._unpacker.unpack()
            except msgpack.OutOfData:
                ready, _, _ = select.select([self._process.stdout], [], [], max(0, deadline - time.monotonic()))
                assert ready, "Neovim says nothing"
                data = os.read(self._process.stdout.fileno(), 65536)
                assert data, "Neovim has ended"
                self._unpacker.feed(data)


def private_places(home: Path) -> dict[str, str]:
    """Where Neovim keeps what it writes, away from what the user has."""
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    return {**{name: str(home / name.lower()) for name in names}, "NVIM_LOG_FILE": str(home / "nvim.log"), **TREE_ENV}


def _lua_string(text: str) -> str:
    return "[==[" + text + "]==]"
