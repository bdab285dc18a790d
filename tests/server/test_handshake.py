"""pipe_rpc/server/handshake.py: what the client may send, and what it is told."""

from typing import Any

import pytest

from pipe_rpc import __version__
from pipe_rpc.buffers.text import Encoding
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.protocol.methods import COMMANDS, METHODS, NOTIFICATIONS
from pipe_rpc.server.handshake import initialize_result, read_initialize

LIMITS = Limits()


def problems(params: Any) -> dict[str, str]:
    with pytest.raises(PipeRpcError) as caught:
        read_initialize(params, LIMITS)
    assert caught.value.code is ErrorCode.INVALID_PARAMS
    return {each["path"]: each["problem"] for each in caught.value.data["problems"]}


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"capabilities": None},
        {"capabilities": {}},
        {"capabilities": []},
        {"capabilities": "everything"},
        {"processId": None, "clientInfo": None, "initializationOptions": None},
        {"initializationOptions": []},
        {"initializationOptions": {}},
        {"initializationOptions": {"originator": None, "encoding": None, "graceMs": None}},
        {"clientInfo": {}},
        {"clientInfo": {"name": None}},
        {"rootUri": 5, "workspaceFolders": "odd", "trace": [], "locale": {}, "unknown": 1},
    ],
    ids=repr,
)
def test_what_editors_send_is_taken_with_the_defaults(params: Any) -> None:
    connection = read_initialize(params, LIMITS)
    assert connection.process_id is None
    assert connection.originator == ""
    assert connection.encoding is Encoding.UTF_8
    assert connection.grace_s == LIMITS.default_grace_ms / 1000
    assert not connection.shows_progress


def test_the_options_are_taken() -> None:
    options = {"originator": "me", "encoding": "base64", "graceMs": 1.5, "problemMatcher": "$gcc"}
    connection = read_initialize({"processId": 7, "initializationOptions": options}, LIMITS)
    assert connection == (7, "me", Encoding.BASE64, 0.0015, False, "$gcc")


@pytest.mark.parametrize(
    ("capabilities", "shown"),
    [
        ({"window": {"workDoneProgress": True}}, True),
        ({"window": {"workDoneProgress": False}}, False),
        ({"window": {"workDoneProgress": 1}}, False),
        ({"window": {}}, False),
        ({"window": []}, False),
        ({"window": "workDoneProgress"}, False),
    ],
    ids=repr,
)
def test_progress_is_shown_to_a_client_that_says_that_it_can(capabilities: Any, shown: bool) -> None:
    assert read_initialize({"capabilities": capabilities}, LIMITS).shows_progress is shown


def test_the_name_of_the_client_is_the_originator_unless_one_is_given() -> None:
    client = {"clientInfo": {"name": "editor", "version": "1"}}
    assert read_initialize(client, LIMITS).originator == "editor"
    assert read_initialize({**client, "initializationOptions": {"originator": "me"}}, LIMITS).originator == "me"
    assert read_initialize({**client, "initializationOptions": {"originator": ""}}, LIMITS).originator == ""


@pytest.mark.parametrize("encoding", Encoding)
def test_every_encoding_is_taken_by_its_name(encoding: Encoding) -> None:
    assert read_initialize({"initializationOptions": {"encoding": encoding.value}}, LIMITS).encoding is encoding


@pytest.mark.parametrize(
    ("grace_ms", "grace_s"),
    [(0, 0.0), (0.5, 0.0005), (3_600_000, 3600.0), (10**9, 3600.0), (1e308, 3600.0), (10**400, 3600.0)],
)
def test_a_grace_counts_as_far_as_the_limit(grace_ms: float, grace_s: float) -> None:
    assert read_initialize({"initializationOptions": {"graceMs": grace_ms}}, LIMITS).grace_s == grace_s


@pytest.mark.parametrize("params", [[], [1], "text", 5, True, 1.5])
def test_params_are_an_object(params: Any) -> None:
    assert problems(params) == {"params": "must be an object"}


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"processId": "5"}, "params.processId"),
        ({"processId": 5.0}, "params.processId"),
        ({"processId": True}, "params.processId"),
        ({"processId": 0}, "params.processId"),
        ({"processId": -1}, "params.processId"),
        ({"clientInfo": "vim"}, "params.clientInfo"),
        ({"clientInfo": []}, "params.clientInfo"),
        ({"clientInfo": {"name": 5}}, "params.clientInfo.name"),
        ({"initializationOptions": "x"}, "params.initializationOptions"),
        ({"initializationOptions": [1]}, "params.initializationOptions"),
        ({"initializationOptions": {"originator": 5}}, "params.initializationOptions.originator"),
        ({"initializationOptions": {"encoding": "latin-1"}}, "params.initializationOptions.encoding"),
        ({"initializationOptions": {"encoding": 8}}, "params.initializationOptions.encoding"),
        ({"initializationOptions": {"graceMs": -1}}, "params.initializationOptions.graceMs"),
        ({"initializationOptions": {"graceMs": "5"}}, "params.initializationOptions.graceMs"),
        ({"initializationOptions": {"graceMs": True}}, "params.initializationOptions.graceMs"),
    ],
    ids=repr,
)
def test_what_is_ours_is_read_strictly(params: dict[str, Any], path: str) -> None:
    found = problems(params)
    assert list(found) == [path]
    assert found[path].startswith("must be ")


def test_an_originator_is_no_longer_than_that_of_a_spawn_may_be() -> None:
    longest = "x" * LIMITS.max_label_characters
    assert read_initialize({"initializationOptions": {"originator": longest}}, LIMITS).originator == longest
    assert list(problems({"initializationOptions": {"originator": longest + "x"}})) == [
        "params.initializationOptions.originator"
    ]
    # The name is the client's own affair: as much of it is taken as can be kept.
    assert read_initialize({"clientInfo": {"name": longest + "x"}}, LIMITS).originator == longest


def test_every_problem_is_told_at_once() -> None:
    assert len(problems({"processId": 0, "clientInfo": 5, "initializationOptions": {"graceMs": -1}})) == 3


def test_the_answer_tells_who_we_are_and_what_there_is() -> None:
    result = initialize_result(LIMITS, 77, containment="cgroup", guarded=True)
    assert result["serverInfo"] == {"name": "pipe-rpc", "version": __version__}
    assert result["capabilities"]["executeCommandProvider"] == {"commands": list(COMMANDS)}
    ours = result["capabilities"]["experimental"]["pipeRpc"]
    assert set(ours) == {"protocolVersion", "methods", "notifications", "containment", "guard", "limits"}
    assert (ours["containment"], ours["guard"]) == ("cgroup", True)
    assert ours["protocolVersion"] == 1
    assert ours["methods"] == [row.name for row in METHODS]
    assert ours["notifications"] == [row.name for row in NOTIFICATIONS]
    assert len(ours["limits"]) == len(LIMITS)
    assert ours["limits"]["maxFrameBytes"] == LIMITS.max_frame_bytes
    assert ours["limits"]["maxSessions"] == 77, "what the descriptors allow, not what the option says"
