"""What waits for children to read it, of all sessions together."""

from pipe_rpc.errors import ErrorCode, PipeRpcError


class StdinBudget:
    """A count of bytes that every stdin keeps up to date."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.pending_bytes = 0

    def require_room(self, size: int) -> None:
        """Raise PipeRpcError: STDIN_FULL where ``size`` bytes more would be too many."""
        if self.pending_bytes + size > self._max_bytes:
            raise PipeRpcError(
                ErrorCode.STDIN_FULL,
                f"{self.pending_bytes} bytes wait already for the children of all sessions; {size} more exceed the "
                f"limit of {self._max_bytes} (--max-total-stdin-bytes). Wait for the answers of earlier writes.",
                pendingBytes=self.pending_bytes,
                limitBytes=self._max_bytes,
            )
