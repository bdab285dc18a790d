"""What is generated and committed is what would be generated now."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.blocking import MADE, NAMES, blocking_text
from tests.house.elisp import PATH as CONSTANTS_EL
from tests.house.elisp import elisp_text
from tests.house.generate import OPENRPC, README, openrpc_text
from tests.house.lua import lua_texts
from tests.house.readme_tables import with_tables
from tests.house.typescript import WIRE, typescript_text
from tests.house.vimscript import CONSTANTS, vimscript_text

REMEDY = "run python -m tests.house.generate"


def test_the_tables_of_the_readme_are_fresh() -> None:
    readme = README.read_text(encoding="utf-8")
    assert with_tables(readme) == readme, REMEDY


def test_the_committed_openrpc_document_is_fresh() -> None:
    assert OPENRPC.read_text(encoding="utf-8") == openrpc_text(), REMEDY


@pytest.mark.parametrize("name", NAMES)
def test_the_blocking_client_is_made_of_the_asyncio_one(name: str) -> None:
    assert (MADE / f"{name}.py").read_text(encoding="utf-8") == blocking_text(name), REMEDY


@pytest.mark.parametrize("name", ["constants.lua", "types.lua"])
def test_what_the_neovim_plugin_knows_of_the_wire_is_fresh(name: str) -> None:
    texts = {path.name: (path, text) for path, text in lua_texts().items()}
    path, text = texts[name]
    assert path.read_text(encoding="utf-8") == text, REMEDY


def test_what_the_vim_plugin_knows_of_the_wire_is_fresh() -> None:
    assert CONSTANTS.read_text(encoding="utf-8") == vimscript_text(), REMEDY


def test_what_the_emacs_package_knows_of_the_wire_is_fresh() -> None:
    assert CONSTANTS_EL.read_text(encoding="utf-8") == elisp_text(), REMEDY


def test_what_the_extension_of_vs_code_knows_of_the_wire_is_fresh() -> None:
    assert WIRE.read_text(encoding="utf-8") == typescript_text(), REMEDY


def test_the_schema_command_prints_the_committed_document() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "pipe_rpc", "schema"], capture_output=True, text=True, check=True, timeout=30
    )
    assert printed.stdout == OPENRPC.read_text(encoding="utf-8")
