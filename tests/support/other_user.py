"""Commands that run as another user than root, who may yet run what only root may find."""

from __future__ import annotations

import os
import shutil

from tests.support.available import unavailable


def as_user(number: int) -> list[str]:
    """The begin of a command that runs as a user, who may read what root may, and change nothing (capabilities(7))."""
    setpriv = shutil.which("setpriv")
    if setpriv is None or os.geteuid() != 0:
        unavailable("this test needs root and setpriv")
    capability = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    return [setpriv, "--reuid", str(number), "--regid", str(number), "--clear-groups", *capability]
