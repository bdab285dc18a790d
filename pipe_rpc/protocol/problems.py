"""What is wrong with params, for a person and for a program."""

from pipe_rpc.errors import ErrorCode, PipeRpcError


def invalid_params(problems: list[tuple[str, str]], **data: int) -> PipeRpcError:
    """The error for (path, problem) pairs, and what else a program may want to know."""
    path, problem = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return PipeRpcError(
        ErrorCode.INVALID_PARAMS,
        f"{path}: {problem}{more}.",
        problems=[{"path": path, "problem": problem} for path, problem in problems],
        **data,
    )
