"""Tools that some tests need and that not every machine has."""

import os
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skip where a developer lacks a tool; fail where CI lacks it, for nobody reads the skips there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
