"""The README is true: its examples run, its messages fit the types, and what it names is there."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from pipe_rpc import client
from pipe_rpc.protocol import types
from pipe_rpc.protocol.converter import structure
from pipe_rpc.protocol.methods import NOTIFICATIONS, SESSION_METHODS
from tests.house.generate import README, ROOT

TEXT = README.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


SCRIPTS = [block for block in blocks("python") if "def test_" not in block]
"""The examples in Python that are programs; the others are tests."""


def conversation() -> list[tuple[str, dict[str, Any]]]:
    """The messages of the life of a session, with their arrows."""
    lines = [line for block in blocks("jsonl") for line in block.splitlines()]
    return [(line[0], json.loads(line[1:])) for line in lines]


def test_the_life_of_a_session_is_told_in_messages() -> None:
    assert len(conversation()) > 15


@pytest.mark.parametrize(("arrow", "message"), conversation())
def test_each_message_of_the_life_of_a_session_fits_its_type(arrow: str, message: dict[str, Any]) -> None:
    rows = {row.name: row for row in (*SESSION_METHODS, *NOTIFICATIONS)}
    requested = {sent["id"]: rows.get(sent["method"]) for to, sent in conversation() if to == "→" and "id" in sent}
    assert message["jsonrpc"] == "2.0"
    if "result" in message:
        row = requested[message["id"]]
        assert row is not None
        assert row.result is not None
        structure(message["result"], getattr(types, row.result))
    elif message["method"] != "initialize":
        row = rows[message["method"]]
        assert ("id" in message) == (arrow == "→")
        assert row.params is not None
        structure(message["params"], getattr(types, row.params))


@pytest.mark.parametrize(
    ("example", "printed"),
    list(
        zip(
            SCRIPTS,
            (["ready", "hello world", "exit 3", "exec ENOENT"], ["one", "two"]),
            strict=True,
        )
    ),
    ids=["blocking", "asyncio"],
)
def test_the_python_examples_print_what_the_commands_said(
    tmp_path: pathlib.Path, example: str, printed: list[str]
) -> None:
    script = tmp_path / "example.py"
    script.write_text(example, encoding="utf-8")
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.splitlines() == printed


def test_the_tests_among_the_python_examples_pass(tmp_path: pathlib.Path) -> None:
    (example,) = set(blocks("python")) - set(SCRIPTS)
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout
    assert "2 passed" in run.stdout


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed: pip install -e '.[dev]'")
def test_the_python_examples_are_strictly_typed(tmp_path: pathlib.Path) -> None:
    scripts = [tmp_path / f"example_{number}.py" for number, _ in enumerate(blocks("python"))]
    for script, example in zip(scripts, blocks("python"), strict=True):
        script.write_text(example, encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *map(str, scripts)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_names_in_the_table_of_the_python_client_are_there() -> None:
    section = TEXT.partition("## The Python client")[2].partition("### Testing with pytest")[0]
    owners = {"rpc": client.PipeRpc, "s": client.Session, "stdout": client.OutputStream, "stdin": client.Stdin}
    instance_members = {"stdout", "stderr", "stdin"}
    named = re.findall(r"\b(rpc|s|stdout|stdin)\.(\w+)", section)
    assert len(named) > 20
    for owner, name in named:
        assert name in instance_members or hasattr(owners[owner], name), f"{owner}.{name}"


def test_the_transcript_shows_what_the_command_really_does() -> None:
    transcript, *_ = blocks("console")
    command = transcript.splitlines()[0].removeprefix("$ pipe-rpc ")
    script = f'exec "$0" -m pipe_rpc {command}'
    run = subprocess.run(
        ["bash", "-c", script, sys.executable], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 3
    assert run.stdout == "ready\ngot hello\n"

    def told(text: str) -> set[tuple[str, str]]:
        """Each arrow with its method: in how many pieces, and what before the end of the child, is chance."""
        return set(re.findall(r"([→←]) (?:#\d+ )?(\S+)", text))

    assert told(run.stderr) == told(transcript)


def test_the_recording_in_the_readme_is_made_and_replayed_as_it_says(tmp_path: pathlib.Path) -> None:
    (transcript,) = [block for block in blocks("console") if "pipe-rpc replay" in block]
    shown = ""
    for line in transcript.splitlines():
        if line.startswith("$ "):
            shown += line + "\n"
            script = f'exec "$0" -m pipe_rpc {line.removeprefix("$ pipe-rpc ")}'
            command = ["sh", "-c", script, sys.executable]
            options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
            shown += subprocess.run(command, cwd=tmp_path, check=True, timeout=60, **options).stdout
    # How many messages there are, one more or less, and how long it takes is chance.
    assert re.sub(r"\d+ messages in .*", "", shown) == re.sub(r"\d+ messages in .*", "", transcript)


def test_the_files_that_the_readme_names_are_there() -> None:
    named = {*re.findall(r"`((?:tests|pipe_rpc|\.ci)/[\w./]+)`", TEXT), *re.findall(r"\]\(([^#)]+)\)", TEXT)}
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_readme_gives_one_command_for_the_main_job_and_one_for_the_tests() -> None:
    commands = [block.strip() for block in blocks("sh")]
    assert len(commands) == 2
    assert commands[0].endswith("pipe-rpc run -- git log --stat -3")
    assert "python -m pytest" in commands[1]


def test_the_places_inside_that_the_readme_points_to_are_headings_of_it() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    pointed_to = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert pointed_to
    assert pointed_to <= headings
