"""tests/examples/agent_tool.py: a dev server, a test against it, its log, and the end of both."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.examples import agent_tool
from tests.examples.agent_tool import FUNCTIONS, AgentTool
from tests.support.programs import shell


@pytest.fixture
def tool() -> Iterator[AgentTool]:
    with AgentTool() as started:
        yield started


def call(tool: AgentTool, name: str, **arguments: Any) -> Any:
    """Call a function as a model does, whose arguments fit the schema."""
    (function,) = (each for each in FUNCTIONS if each["name"] == name)
    jsonschema.validate(arguments, function["parameters"])
    return json.loads(tool.call(name, json.dumps(arguments)))


def test_the_conversation_of_an_agent(capsys: pytest.CaptureFixture[str]) -> None:
    agent_tool.main()
    started, tested, read, killed = capsys.readouterr().out.splitlines()
    assert "Serving HTTP" in started
    assert '"state": "running"' in started
    assert '"output": "200\\n"' in tested
    assert '"exit_code": 0' in tested
    assert "GET / HTTP/1.1" in read
    assert killed.startswith("kill")


def test_a_command_that_is_written_to(tool: AgentTool) -> None:
    started = call(tool, "run", argv=shell("read word; echo hello $word"), seconds=0)
    assert started["state"] == "running"
    assert call(tool, "write", id=started["id"], text="world\n") == {"written": 6}
    said = call(tool, "read", id=started["id"], offset=0, seconds=30)
    assert said["output"] == "hello world\n"


def test_what_is_wrong_is_told_to_the_agent(tool: AgentTool) -> None:
    assert "cannot be executed" in call(tool, "run", argv=["/nonexistent/program"])["error"]
    assert "No session" in call(tool, "kill", id="pipe-none")["error"]
    assert "unexpected keyword" in json.loads(tool.call("read", '{"idd": 1}'))["error"]
    assert json.loads(tool.call("read", "nonsense"))["error"]
    assert json.loads(tool.call("no such function", "{}"))["error"]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: str(function["name"]))
def test_the_schemas_are_schemas(function: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(function["parameters"])
