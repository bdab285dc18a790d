"""What stands in front of a line, to tell whose it is."""

from collections.abc import Iterable, Mapping, Sequence

_COLOURS = (36, 33, 32, 35, 34)
"""Foreground colours (ECMA-48) in turn: cyan, yellow, green, magenta, blue. Red is left to errors."""


class Prefixes:
    """``name | `` for each name, as wide as the widest, so that the lines stand below each other."""

    def __init__(self, names: Sequence[str], *, colours: Mapping[str, bool]) -> None:
        """``colours``: for each stream whether they are coloured there.

        A coloured one begins by taking back what the line before may have left switched on.
        """
        width = max(map(len, names), default=0)
        self._prefixes: dict[tuple[str, str], bytes] = {}
        for number, name in enumerate(names):
            plain = f"{name:{width}} | "
            coloured = f"\x1b[0;{_COLOURS[number % len(_COLOURS)]}m{plain}\x1b[0m"
            for stream, is_coloured in colours.items():
                self._prefixes[name, stream] = (coloured if is_coloured else plain).encode()

    def of(self, name: str, stream: str) -> bytes:
        """The one of a name on a stream."""
        return self._prefixes[name, stream]

    def in_front_of(self, lines: Iterable[bytes], name: str, stream: str) -> bytes:
        """The lines, each behind it."""
        prefix = self._prefixes[name, stream]
        return b"".join([prefix + line for line in lines])
