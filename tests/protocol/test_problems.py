"""pipe_rpc/protocol/problems.py."""

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.problems import invalid_params


def test_one_problem_is_the_message() -> None:
    error = invalid_params([("params.argv[1]", "must be a string")])
    assert error.code is ErrorCode.INVALID_PARAMS
    assert error.message == "params.argv[1]: must be a string."
    assert error.data == {"problems": [{"path": "params.argv[1]", "problem": "must be a string"}]}


def test_of_many_problems_the_message_tells_the_first_and_counts_the_rest() -> None:
    error = invalid_params([("a", "is required"), ("b", "is no member here"), ("c", "must not be empty")])
    assert error.message == "a: is required (and 2 more)."
    assert [each["path"] for each in error.data["problems"]] == ["a", "b", "c"]
