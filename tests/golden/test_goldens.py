"""tests/golden: the server says what its golden conversations say, in whatever pieces its output comes."""

import pathlib
import sys

import pytest

from pipe_rpc.conversation.recording import ServerLine, read_recording
from tests.cli.command import call
from tests.support.server_command import SERVER

HERE = pathlib.Path(__file__).parent
GOLDENS = sorted(HERE.glob("*.jsonl"))
SERVERS = {
    "as it is": (),
    "in small pieces": ("--child-read-bytes", "8", "--max-output-bytes", "5", "--no-guard", "--no-cgroup"),
}


def _golden(path: pathlib.Path) -> pytest.ParameterSet:
    # Without /proc a server cannot know whether its memory is limited, and takes no patterns.
    marks = [pytest.mark.needs("proc")] if "pattern" in path.stem and sys.platform == "linux" else []
    return pytest.param(path, id=path.stem, marks=marks)


@pytest.mark.parametrize("options", SERVERS.values(), ids=SERVERS)
@pytest.mark.parametrize("golden", [_golden(path) for path in GOLDENS])
def test_the_server_says_what_the_golden_conversation_says(golden: pathlib.Path, options: tuple[str, ...]) -> None:
    ended = call("replay", str(golden), "--", *SERVER, *options)
    assert ended.returncode == 0, ended.stdout.decode() + ended.stderr.decode()
    assert ended.stdout.startswith(f"{golden}: equal, ".encode())


def test_the_goldens_reach_every_kind_of_message_and_most_errors() -> None:
    lines = [line for path in GOLDENS for line in read_recording(path.read_bytes()).lines]
    messages = [line.message for line in lines if isinstance(line, ServerLine)]
    told = {message["method"] for message in messages if "method" in message}
    assert {"session/output", "session/detached", "session/exited", "session/closed"} <= told
    assert {"$/progress", "window/showMessage", "textDocument/publishDiagnostics"} <= told
    codes = {message["error"]["code"] for message in messages if "error" in message}
    assert codes >= {-32700, -32600, -32601, -32602, -32002, -32800}
    assert codes >= {1001, 1002, 1003, 1004, 1005, 1006, 1008, 1010, 1011, 1012, 1013, 1014}


def test_each_golden_has_a_line_in_the_list() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in GOLDENS if f"`{path.name}`" not in text] == []
    assert len(GOLDENS) > 20


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_no_golden_depends_on_the_machine_that_it_was_made_on(golden: pathlib.Path) -> None:
    text = golden.read_text(encoding="utf-8")
    assert "/proc" not in text
    assert "/tmp" not in text
    assert "pipe-1" not in text.replace('"pipe-1"', "")
