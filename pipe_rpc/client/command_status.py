"""The exit status that tells how a command ended."""

import signal

from pipe_rpc.child.exit_status import signal_number
from pipe_rpc.conversation.errors import RpcError
from pipe_rpc.protocol.types import ExitedParams

NOT_FOUND, NOT_EXECUTABLE, ENDPOINT_FAILED = 127, 126, 125
"""What shells, env(1) and timeout(1) exit with when a command cannot be run, or they themselves fail."""
_OF_SIGNALS = 128
"""Added to the number of the signal that ended it, as shells do."""


def after_signal(number: int) -> int:
    """The status after a signal."""
    return _OF_SIGNALS + number


def status_of(exited: ExitedParams) -> int:
    """The command's own status, 128 + n after signal n."""
    if exited.exit_code is not None:
        return exited.exit_code
    return after_signal(signal_number(exited.signal or "") or signal.SIGKILL)


def status_of_refusal(error: RpcError) -> int:
    """The status where the command could not be started."""
    not_found = error.data.get("errno") == "ENOENT" and error.data.get("stage") == "exec"
    return NOT_FOUND if not_found else NOT_EXECUTABLE
