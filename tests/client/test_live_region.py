"""pipe_rpc/client/live_region.py: rows at the foot of a terminal, as a person sees them."""

import pyte

from pipe_rpc.client.live_region import DrawnRow, LiveRegion, TerminalSize

SIZE = TerminalSize(20, 8)


def rows(*texts: str) -> list[DrawnRow]:
    return [DrawnRow(text, len(text)) for text in texts]


class Watched:
    """A region on a terminal."""

    def __init__(self) -> None:
        self.screen = pyte.HistoryScreen(SIZE.columns, SIZE.rows)
        self.stream = pyte.Stream(self.screen)
        self.region = LiveRegion()

    def draw(self, above: list[str], now: list[DrawnRow], size: TerminalSize = SIZE) -> list[str]:
        """Draw; returns what the screen shows."""
        self.stream.feed(self.region.draw(above, now, size))
        return [line.rstrip() for line in self.screen.display if line.strip()]


def test_lines_go_by_above_the_rows() -> None:
    watched = Watched()
    assert watched.draw([], rows("A 1", "B 1")) == ["A 1", "B 1"]
    assert watched.draw(["one", "two"], rows("A 2", "B 2")) == ["one", "two", "A 2", "B 2"]
    assert watched.draw(["three"], rows("A 3")) == ["one", "two", "three", "A 3"]
    assert watched.draw([], []) == ["one", "two", "three"]
    assert (watched.screen.cursor.x, watched.screen.cursor.y) == (0, 3)


def test_no_line_is_lost_when_the_screen_is_full() -> None:
    watched = Watched()
    for number in range(100):
        watched.draw([f"line {number}"], rows("A", "B"))
    shown = watched.draw([], rows("A", "B"))
    assert shown == [*(f"line {number}" for number in range(95, 100)), "A", "B"]
    gone = ["".join(line[x].data for x in range(SIZE.columns)).rstrip() for line in watched.screen.history.top]
    assert gone == [f"line {number}" for number in range(95)]


def test_a_line_wider_than_the_terminal_is_wrapped_by_it() -> None:
    watched = Watched()
    watched.draw([], rows("A"))
    assert watched.draw(["x" * 45], rows("A")) == ["x" * 20, "x" * 20, "x" * 5, "A"]
    assert watched.draw(["y" * 20], rows("A")) == ["x" * 20, "x" * 20, "x" * 5, "y" * 20, "A"]


def test_rows_that_a_narrower_terminal_has_wrapped_are_taken_away_whole() -> None:
    region = LiveRegion()
    region.draw([], rows("x" * 20, "short"), SIZE)
    assert region.draw([], rows("x"), TerminalSize(10, 8)).startswith("\r\x1b[3A\x1b[J")


def test_a_terminal_of_one_line_gets_no_cursor_movement() -> None:
    region = LiveRegion()
    region.draw([], rows("x"), TerminalSize(20, 1))
    assert region.draw(["line"], [], TerminalSize(20, 1)) == "\r\x1b[Jline\r\n"
