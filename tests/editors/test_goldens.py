"""Each golden conversation, led through the connection of each plugin, in its editor, with the true server behind it.

What the JSON of an editor cannot tell apart is taken out of a golden before it is compared: see LOSSES.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipe_rpc.cli import replay
from tests.editors.relayed import EDITORS
from tests.support.dose import dose

GOLDENS = sorted((Path(__file__).parents[1] / "golden").glob("*.jsonl"))
NOT_SAID = {
    "malformed": "a plugin says nothing that is malformed",
    "cancel": "a plugin cancels nothing",
    "stock-lsp-job": "a plugin offers no server what it could ask for",
    "end-of-input": "an editor that has ended cannot say how its server does",
}
NOT_COMPARED = {("nvim", "own-session-id"): "an exit that may be null may be missing"}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _without_nuls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nuls(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_without_nuls(item) for item in value]
    return value.replace("\0", "") if isinstance(value, str) else value


LOSSES: dict[str, Callable[[Any], Any]] = {
    # vim.lsp.rpc leaves out members that are null.
    "nvim": _without_nulls,
    # Strings of Vim script end at a NUL, so its JSON leaves them out.
    "vim": _without_nuls,
}


def as_seen(golden: str, loss: Callable[[Any], Any]) -> str:
    """The golden with what the server says as an editor sees it: the values, not the messages around them."""
    lines = [json.loads(line) for line in golden.splitlines()]
    for line in lines:
        message = line.get("server", {})
        for part in ("result", "params", "error"):
            if message.get(part) is not None:
                message[part] = loss(message[part])
    return "".join(json.dumps(line) + "\n" for line in lines)


def _led() -> list[tuple[str, Path]]:
    """Each golden by each editor; in CI each by two of them."""
    said = [path for path in GOLDENS if path.stem not in NOT_SAID]
    every = dose(short=1, ci=2, long=1)
    pairs = [
        (editor, path) for at, path in enumerate(said) for by, editor in enumerate(EDITORS) if (at + by) % every == 0
    ]
    return [(editor, path) for editor, path in pairs if (editor, path.stem) not in NOT_COMPARED]


@pytest.mark.parametrize(("editor", "golden"), _led(), ids=lambda value: getattr(value, "stem", value))
def test_a_plugin_carries_what_the_golden_conversation_says(
    editor: str, golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = tmp_path / golden.name
    seen.write_text(as_seen(golden.read_text(encoding="utf-8"), LOSSES.get(editor, lambda value: value)))
    status = replay.main([str(seen), "--", sys.executable, "-m", "tests.editors.relay", *EDITORS[editor]()])
    assert status == 0, capsys.readouterr().out


def test_what_no_plugin_says_is_named_rightly() -> None:
    names = {path.stem for path in GOLDENS}
    assert NOT_SAID.keys() <= names
    assert NOT_COMPARED.keys() <= {(editor, name) for editor in EDITORS for name in names}
