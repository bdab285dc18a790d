"""pipe_rpc/client/prefixes.py: what stands in front of a line."""

from pipe_rpc.client.prefixes import Prefixes


def test_names_stand_below_each_other() -> None:
    prefixes = Prefixes(["web", "é"], colours={"stdout": False})
    assert prefixes.of("web", "stdout") == b"web | "
    assert (
        prefixes.in_front_of([b"a\n", b"\xff\n"], "é", "stdout") == "é   | a\n".encode() + "é   | ".encode() + b"\xff\n"
    )


def test_colours_come_in_turn_and_take_back_what_was_switched_on() -> None:
    prefixes = Prefixes(list("abcdef"), colours={"stdout": True, "stderr": False})
    assert prefixes.of("a", "stdout") == b"\x1b[0;36ma | \x1b[0m"
    assert prefixes.of("a", "stderr") == b"a | "
    assert len({prefixes.of(name, "stdout")[:7] for name in "abcde"}) == 5
    assert prefixes.of("f", "stdout")[:7] == prefixes.of("a", "stdout")[:7]
