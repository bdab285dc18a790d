"""Writes what is generated and committed: ``python -m tests.house.generate``."""

from __future__ import annotations

import json
import pathlib

from pipe_rpc.protocol.openrpc import openrpc_document
from tests.house.blocking import write_blocking
from tests.house.elisp import write_elisp
from tests.house.lua import write_lua
from tests.house.readme_tables import with_tables
from tests.house.typescript import write_typescript
from tests.house.vimscript import write_vimscript

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
OPENRPC = ROOT / "pipe_rpc" / "openrpc.json"


def openrpc_text() -> str:
    """What ``pipe-rpc schema`` prints."""
    return json.dumps(openrpc_document(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    OPENRPC.write_text(openrpc_text(), encoding="utf-8")
    write_blocking()
    write_elisp()
    write_lua()
    write_vimscript()
    write_typescript()


if __name__ == "__main__":
    main()
