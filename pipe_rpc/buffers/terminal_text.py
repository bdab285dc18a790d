"""What programs write for a terminal, as text that harms none.

Rules of this file: one pass over the text, whatever is in it; a carriage return begins a line again, as on a terminal.
"""

import re

ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, and DCS, SOS, PM and APC
    r"|[ -/]+[0-~]"  # such as those that choose a character set
    r"|[@-Z\\-_`-~])"
)
"""Control sequences of ECMA-48: those with parameters, strings, and short ones."""
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*)?\Z")
_COLOUR = r"\x1b\[[0-9;:]*m"
_OTHER_THAN_COLOURS = re.compile(rf"(?!{_COLOUR})(?:{ESCAPES.pattern})")
_ODD = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""Controls of eight bits, separators of lines, and those that turn the direction of writing round."""
_CONTROLS = re.compile(rf"[\x00-\x08\x0b-\x1f{_ODD}]")
_CONTROLS_BUT_COLOURS = re.compile(rf"[\x00-\x08\x0b-\x1a\x1c-\x1f{_ODD}]|\x1b(?!\[[0-9;:]*m)")
_RESET = "\x1b[0m"
ESCAPED_CONTROLS = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""For str.translate: controls that JSON need not escape, and a terminal would obey, as JSON escapes others."""


def last_line(text: str) -> str:
    """The last line that is not blank, without controls and blanks around it; "" if there is none."""
    text = ESCAPES.sub("", _UNFINISHED.sub("", text)).replace("\r", "\n")
    lines = [line for line in (_CONTROLS.sub("", each).strip() for each in text.split("\n")) if line]
    return lines[-1] if lines else ""


def coloured_lines(text: str) -> list[str]:
    """Whole lines as a terminal would show them, each for itself: their colours are kept, all other controls go."""
    text = _OTHER_THAN_COLOURS.sub("", text)
    lines = text.removesuffix("\n").split("\n")
    if "\r" in text:
        lines = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
    return [_with_reset(_CONTROLS_BUT_COLOURS.sub("", line)) for line in lines]


def _with_reset(line: str) -> str:
    return line + _RESET if "\x1b" in line else line
