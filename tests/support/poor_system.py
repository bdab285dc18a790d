"""Runs the server as on a system without pidfd and epoll: ``PIPE_RPC_TEST_SYSTEM=poor`` lets every test use it."""

from __future__ import annotations

import os
import select
import sys

if __name__ == "__main__":
    del os.pidfd_open
    del select.epoll  # selectors then takes poll

    from pipe_rpc.__main__ import main

    sys.exit(main())
