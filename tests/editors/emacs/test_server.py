"""Where the server is found, and what users are told when it is missing, wrong or dead."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.editors.emacs.conftest import StartEmacs
from tests.editors.emacs.driven import Emacs, LispError

LAUNCHER = f'#!/bin/sh\nexec {sys.executable} -m pipe_rpc "$@"\n'
OTHER_VERSION = """
import json, sys
body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"serverInfo": {"name": "pipe-rpc", "version": "9"},
  "capabilities": {"experimental": {"pipeRpc": {"protocolVersion": %s}}}}})
sys.stdout.write(f"Content-Length: {len(body)}\\r\\n\\r\\n{body}")
sys.stdout.flush()
sys.stdin.read()
"""
CURIOUS = """
import sys
body = '{"jsonrpc": "2.0", "id": 7, "method": "workspace/configuration", "params": {}}'
sys.stdout.write(f"Content-Length: {len(body)}\\r\\n\\r\\n{body}")
sys.stdout.flush()
with open("%s", "wb", buffering=0) as heard:
    while data := sys.stdin.buffer.raw.read(65536):
        heard.write(data)
"""
FIND = "(progn (require 'pipe-rpc) (condition-case e (cdr (pipe-rpc-lookup-find)) (error (error-message-string e))))"


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_the_server_is_looked_for_on_path_in_python_and_by_uvx(emacs: Emacs, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    emacs.eval(f'(progn (setq pipe-rpc-command nil exec-path \'("{programs}")) (setenv "PATH" "{programs}"))')
    assert "pipx install pipe-rpc" in emacs.eval(FIND)
    put(programs, "uvx", "#!/bin/sh\n")
    assert emacs.eval(FIND) == "by uvx, which downloads it where needed"
    put(programs, "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert emacs.eval(FIND) == "as a module of python3"
    put(programs, "pipe-rpc", LAUNCHER)
    assert emacs.eval(FIND) == "on PATH"
    emacs.run("/bin/echo", "hello")
    emacs.wait_output("hello")


def test_a_server_that_is_not_there_is_told_with_what_to_do(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"command": ["/no/such/server"]})
    emacs.run("true")
    notice = emacs.wait_message("/no/such/server, which is no executable program: mend or remove it")
    assert emacs.state() == "failed"
    assert notice.startswith("pipe-rpc: true: ")


@pytest.mark.parametrize(("version", "what"), [(0, "update the server"), (2, "update the package")])
def test_another_version_of_the_protocol_is_told_with_what_to_update(
    start_emacs: StartEmacs, version: int, what: str
) -> None:
    emacs = start_emacs({"command": [sys.executable, "-c", OTHER_VERSION % version]})
    emacs.run("true")
    assert what in emacs.wait_message(f"it speaks version {version} of the protocol and this package version 1")
    emacs.wait_gone_but(0)


def test_another_program_is_no_server(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"command": ["false"]})
    emacs.run("true")
    emacs.wait_message("the server ended with status 1 before it answered")
    emacs.eval('(setq pipe-rpc-command \'("yes" "no message"))')
    emacs.call("pipe-rpc-rerun")
    emacs.wait_message("the server said what is no message: no message")
    emacs.wait_message("the server ended by signal 15 before it answered")
    emacs.wait_gone_but(0)


def test_a_server_that_asks_is_told_that_there_is_no_such_method(start_emacs: StartEmacs, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    emacs = start_emacs({"command": [sys.executable, "-c", CURIOUS % heard]})
    emacs.run("true")
    emacs.wait(
        '(and (file-exists-p %s) (with-temp-buffer (insert-file-contents %s) (search-forward "-32601" nil t)))',
        str(heard),
        str(heard),
    )
    assert '"id":7' in heard.read_text()


def test_what_is_no_json_ends_the_server_and_nothing_waits(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"command": ["sh", "-c", r"printf 'Content-Length: 5\r\n\r\n{bad}'; exec cat"]})
    emacs.run("true")
    emacs.wait_message("the server said what is no message: {bad}")
    emacs.wait_message("the server ended by signal 15 before it answered")


def test_a_server_that_says_nothing_is_given_up(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"command": ["sleep", "1000"], "start-timeout": 0.05})
    emacs.run("true")
    emacs.wait_message("raise pipe-rpc-start-timeout")
    emacs.wait_gone_but(0)


@pytest.mark.parametrize("which", [0, 1], ids=["guard", "server"])
def test_when_the_server_dies_jobs_are_lost_and_the_next_use_starts_another(emacs: Emacs, which: int) -> None:
    emacs.shell("echo ready; exec sleep 1000")
    emacs.wait_output("ready")
    os.kill(emacs.server_pids()[which], signal.SIGKILL)
    emacs.wait_message("and took 1 running job with it. It is started again at the next use.")
    emacs.wait_output("[lost: the server ")
    with pytest.raises(LispError, match=r"The server has no job 1 .lost.: rerun it"):
        emacs.eval('(pipe-rpc-write "hello")')
    emacs.call("pipe-rpc-rerun")
    emacs.wait_state("running")
    assert len(emacs.messages()) == 1


def test_a_program_that_is_not_there_is_told_and_the_buffer_says_so(emacs: Emacs) -> None:
    emacs.eval('(pipe-rpc-run "no-such-program")')
    assert "no-such-program" in emacs.wait_message("pipe-rpc: no-such-program: ")
    emacs.wait_output("[failed: ")


def test_a_folder_that_is_not_there_is_told(emacs: Emacs) -> None:
    emacs.run("true", more=':cwd "/no/such/folder"')
    assert "/no/such/folder" in emacs.wait_message("pipe-rpc: true: ")


def test_what_stops_language_servers_leaves_jobs_alone(emacs: Emacs) -> None:
    emacs.shell("read line; echo got $line")
    emacs.wait_state("running")
    emacs.eval("""
      (progn (require 'jsonrpc)
             (dolist (process (process-list))
               (when (process-get process 'jsonrpc-connection)
                 (jsonrpc-shutdown (process-get process 'jsonrpc-connection)))))
    """)
    emacs.eval('(pipe-rpc-write "hello")')
    emacs.wait_output("got hello")


def test_what_the_server_says_on_stderr_is_kept(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"command": ["sh", "-c", "echo a word for people >&2; exec cat"]})
    emacs.run("true")
    emacs.wait('(string-search "a word for people" (with-current-buffer "*pipe-rpc-log*" (buffer-string)))')


def test_what_floods_with_nonsense_and_heeds_no_signal_is_told_once_and_killed(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"command": ["sh", "-c", "trap '' TERM; exec yes nonsense"]})
    emacs.eval("(progn (require 'pipe-rpc) (setq pipe-rpc-connection--patience 0.3))")
    emacs.run("true")
    emacs.wait_message("the server ended by signal 9 before it answered")
    assert len([line for line in emacs.messages() if "what is no message" in line]) == 1


def test_a_server_that_is_stopped_for_a_while_gets_what_was_asked_meanwhile(emacs: Emacs) -> None:
    emacs.shell("echo ready; read line; echo got $line")
    emacs.wait_output("ready")
    guard = emacs.server_pids()[0]
    os.kill(guard, signal.SIGSTOP)
    emacs.wait('(eq (process-status "pipe-rpc") \'stop)')
    emacs.eval('(pipe-rpc-write "hello" 1)')
    emacs.shell("echo another")
    os.kill(guard, signal.SIGCONT)
    emacs.wait_output("got hello")
    emacs.wait_output("another", 2)
    assert emacs.messages() == []
