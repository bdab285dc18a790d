"""A request of ours that has left, and what its answer does."""

from collections.abc import Callable
from typing import Any

from pipe_rpc.conversation.errors import ClientError
from pipe_rpc.conversation.messages import result_of
from pipe_rpc.errors import PipeRpcError
from pipe_rpc.protocol.envelope import Response


class Pending:
    """A request and its answer.

    ``on_result`` is called with the result where it stands in the order of messages, and returns what the caller gets.
    """

    def __init__(self, request_id: int, on_result: Callable[[Any], Any] | None) -> None:
        self.request_id = request_id
        self._on_result = on_result
        self._on_late: Callable[[Any], None] | None = None
        self._result: Any = None
        self._error: ClientError | None = None
        self._is_answered = False

    def is_answered(self) -> bool:
        """Whether ``result`` can be called."""
        return self._is_answered

    def answer(self, response: Response) -> None:
        """Take the answer."""
        self._is_answered = True
        try:
            result = result_of(response)
            self._result = result if self._on_result is None else self._on_result(result)
        except ClientError as error:
            self._error = error
        except (PipeRpcError, KeyError, TypeError) as error:
            self._error = ClientError(f"The answer does not fit the contract: {error}")
        else:
            if self._on_late is not None:
                self._on_late(self._result)

    def abandon(self, on_late: Callable[[Any], None] | None) -> None:
        """Nobody waits any more; ``on_late`` is called with the result, should there be one."""
        if not self._is_answered:
            self._on_late = on_late
        elif self._error is None and on_late is not None:
            on_late(self._result)

    def result(self) -> Any:
        """What the caller gets. Raises RpcError, and ClientError where the answer does not fit the contract."""
        if self._error is not None:
            raise self._error
        return self._result
