"""What the command line of the endpoint can say, with what holds where it says nothing."""

from typing import NamedTuple

from pipe_rpc.limits import Limits


class ServeOptions(NamedTuple):
    """The options of ``pipe-rpc serve``."""

    limits: Limits = Limits()
    client_process_id: int | None = None
    log_level: str = "warning"
    log_file: str | None = None
    guard: bool = True
    cgroup: bool = True
