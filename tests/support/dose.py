"""How much of an attack one run gives: the environment variable ``PIPE_RPC_TEST_DOSE`` says it.

``short`` is for a developer's machine and the default, ``ci`` for every change, ``long`` for the table in the README.
The work is the same in each; only how often it is done differs.
"""

from __future__ import annotations

import os

DOSE = os.environ.get("PIPE_RPC_TEST_DOSE", "short")
LONG = DOSE == "long"
"""Whether nothing but attacks runs, so that what is measured is not disturbed by other tests."""


def dose(*, short: int, ci: int, long: int) -> int:
    """How often to do it in this run."""
    return {"short": short, "ci": ci, "long": long}[DOSE]
