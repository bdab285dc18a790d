"""The buffer of a job: what it shows, where it scrolls, and how much it keeps."""

from __future__ import annotations

import time

from tests.editors.emacs.conftest import StartEmacs
from tests.editors.emacs.driven import Emacs
from tests.support.processes import resident_bytes

USABLE_S = 1.0
"""How long a key, and a stop, may take to act while a job floods."""
ATTEMPTS = 3
"""One of them must be in time: other tests may have the processors for a while."""
BUFFER = "(pipe-rpc-output-buffer (pipe-rpc-job-output (pipe-rpc-job 1)))"
OFFSET = "(pipe-rpc-reader-offset (pipe-rpc-job-reader (pipe-rpc-job %s)))"


def test_colours_are_drawn_and_leave_no_escape_sequence(emacs: Emacs) -> None:
    emacs.run("printf", r"plain \033[31mred\033[0m\n")
    assert emacs.wait_output("[exit 0").startswith("plain red\n")
    emacs.wait_for("plain red")
    row = next(number for number, line in enumerate(emacs.screen.display) if line.startswith("plain red"))
    assert [emacs.screen.buffer[row][column].fg for column in (0, 6, 8)] == ["default", "red", "red"]


def test_a_carriage_return_draws_a_progress_bar_over_itself(emacs: Emacs) -> None:
    emacs.run("printf", r"10 percent\r50 percent\r100 percent\ndone\r\n|\b/\b-\n")
    assert emacs.wait_output("[exit 0").startswith("100 percent\ndone\n-\n")


def test_what_is_cut_between_two_pieces_is_drawn_as_a_whole(emacs: Emacs) -> None:
    parts = [r"\033[3", r"1mred\033", r"[0m\r", r"\nb\303", r"\244r 10\r", r"20\r", r"\033]0;ti", r"tle\033\\end\n"]
    emacs.shell("; ".join(f"printf '{part}'; read line" for part in parts))
    for count in range(len(parts)):
        # The server keeps the first half of a character back.
        emacs.wait(f"(>= {OFFSET % 1} {_length(parts[: count + 1]) - 1})")
        if count == 5:
            assert emacs.wait_output("20") == "red\n20"
        emacs.eval('(pipe-rpc-write "")')
    assert emacs.wait_output("[exit 0").startswith("red\nend\n")


def test_bytes_of_any_value_are_shown(emacs: Emacs) -> None:
    emacs.shell(r"printf 'a\000\000b\134u0000c\134\000d\377\n'")
    assert emacs.wait_output("[exit 0").startswith("a\0\0b\\u0000c\\\0d\ufffd\n")


def _length(parts: list[str]) -> int:
    return len("".join(parts).encode().decode("unicode_escape"))


def test_programs_are_told_that_colours_are_welcome_unless_the_user_objects(emacs: Emacs) -> None:
    emacs.shell("echo $FORCE_COLOR$CLICOLOR_FORCE.")
    emacs.wait_output("11.")
    emacs.eval("(setq pipe-rpc-color nil)")
    emacs.shell("echo $FORCE_COLOR$CLICOLOR_FORCE.")
    assert emacs.wait_output("[exit 0", 2).startswith(".")


def test_the_end_is_followed_while_the_cursor_is_there(emacs: Emacs) -> None:
    emacs.shell("read line; seq 200; read line")
    emacs.wait_state("running")
    emacs.eval("(pipe-rpc-write %s)", "")
    emacs.wait_output("200\n")
    emacs.wait_for("\n200 ")
    assert emacs.eval(f"(= (window-point (get-buffer-window {BUFFER})) (with-current-buffer {BUFFER} (point-max)))")


def test_the_cursor_stays_where_the_user_reads(emacs: Emacs) -> None:
    emacs.shell("seq 200; read line; seq 201 400; read line")
    emacs.wait_output("200\n")
    emacs.eval("(other-window 1)")
    emacs.eval("(progn (goto-char (point-min)) (forward-line 10) (set-window-point nil (point)))")
    emacs.eval("(pipe-rpc-write %s 1)", "go")
    emacs.wait_output("400\n")
    emacs.wait_for("\n10 ")
    assert emacs.eval("(buffer-substring-no-properties (line-beginning-position) (line-end-position))") == "10"


def test_no_more_lines_are_kept_than_the_setting_says(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"scrollback": 500})
    emacs.run("seq", "20000")
    lines = emacs.wait_output("[exit 0").split("\n")
    assert lines[-3] == "20000"
    emacs.wait(f"(<= (with-current-buffer {BUFFER} (line-number-at-pos (point-max))) 501)")


def test_long_lines_are_broken_in_the_buffer_and_whole_in_the_log(emacs: Emacs) -> None:
    emacs.shell("printf '%010000d' 0")
    shown = emacs.wait_output("[exit 0")
    assert max(map(len, shown.split("\n"))) == 4000
    assert shown.count("0" * 10) > 900
    emacs.eval("(pipe-rpc-log 1)")
    emacs.wait('(get-buffer "*pipe-rpc 1 log*")')
    assert emacs.eval('(with-current-buffer "*pipe-rpc 1 log*" (buffer-string))') == "0" * 10000


def test_the_log_shows_whole_lines_without_colours(emacs: Emacs) -> None:
    emacs.shell(r"printf '\033[1m%0200d\033[0m\n10%%\r100%%\n' 0")
    emacs.wait_output("[exit 0")
    emacs.eval("(pipe-rpc-log 1)")
    emacs.wait('(get-buffer "*pipe-rpc 1 log*")')
    assert emacs.eval('(with-current-buffer "*pipe-rpc 1 log*" (buffer-string))') == "0" * 200 + "\n100%\n"


def test_a_flood_leaves_the_editor_usable_and_is_stopped_at_once(emacs: Emacs) -> None:
    emacs.eval('(progn (dotimes (_ 100) (insert "text\\n")) (goto-char (point-min)))')
    assert any(_stays_usable(emacs) for _ in range(ATTEMPTS))


def _stays_usable(emacs: Emacs) -> bool:
    """Flood, move the cursor, stop the flood: was each of the two done in time?"""
    job = emacs.run("yes", "main.c:2:10: error: a line that never ends to come")
    emacs.wait(f"(> {OFFSET % job} 20000000)")
    emacs.eval("(goto-char (point-min))")
    before = time.monotonic()
    emacs.type("\x0e" * 9)
    emacs.wait("(= (line-number-at-pos (point)) 10)")
    moved = time.monotonic()
    emacs.type("\x1bxpipe-rpc-kill\r")
    emacs.wait("(pipe-rpc-job-exit (pipe-rpc-job %s))", job)
    stopped = time.monotonic()
    emacs.wait_state("exited", job)
    return moved - before < USABLE_S and stopped - moved < USABLE_S


def test_a_flood_without_lines_leaves_the_editor_usable(emacs: Emacs) -> None:
    job = emacs.shell("yes | tr -d '\\n'")
    emacs.wait(f"(> {OFFSET % job} 20000000)")
    emacs.wait_output(" bytes were not kept]", job)
    emacs.call("pipe-rpc-kill")
    emacs.wait("(pipe-rpc-job-exit (pipe-rpc-job %s))", job)


def test_what_waits_too_long_to_be_drawn_is_told_as_a_number(emacs: Emacs) -> None:
    drawn = emacs.eval("""
      (progn
        (require 'pipe-rpc)
        (let* (drawn (one (pipe-rpc-drawing-new (pipe-rpc-tail-new 10 100) (lambda (text) (push text drawn)))))
          (dolist (text '("0123456789" "abcdefghij" "klm"))
            (pipe-rpc-drawing-add one text))
          (pipe-rpc-drawing--tick)
          (apply #'concat (nreverse drawn))))
    """)
    assert drawn == "\n\x1b[0;2m[10 characters were not drawn]\x1b[0m\nabcdefghijklm"


def test_two_floods_at_once_grow_no_memory_without_end(emacs: Emacs) -> None:
    for _ in range(2):
        emacs.run("yes", more=":show nil")
    emacs.wait(f"(and (> {OFFSET % 1} 20000000) (> {OFFSET % 2} 20000000))")
    first = resident_bytes(emacs.pid)
    emacs.wait(f"(and (> {OFFSET % 1} 60000000) (> {OFFSET % 2} 60000000))")
    assert resident_bytes(emacs.pid) - first < 30e6
    for number in (1, 2):
        emacs.eval("(pipe-rpc-kill %s)", number)
        emacs.wait_state("exited", number)


def test_a_line_that_ends_in_a_carriage_return_stays(emacs: Emacs) -> None:
    emacs.run("printf", r"10%%\r100%%\r\033[0m\nnearly\r")
    assert emacs.wait_output("[exit 0").startswith("100%\nnearly\n[exit 0")


def test_the_log_of_a_job_that_floods_is_shown(emacs: Emacs) -> None:
    emacs.run("yes")
    emacs.wait_output("y\n")
    emacs.eval("(pipe-rpc-log 1)")
    emacs.wait('(get-buffer "*pipe-rpc 1 log*")')
    emacs.call("pipe-rpc-kill")
    emacs.wait_state("exited")


def test_the_log_copes_with_a_title_that_never_ends(emacs: Emacs) -> None:
    emacs.shell(r"printf '\033]0;'; printf '%01000000d\n' 0")
    emacs.wait_output("[exit 0")
    emacs.eval("(pipe-rpc-log 1)")
    emacs.wait('(get-buffer "*pipe-rpc 1 log*")')
    assert emacs.eval('(with-current-buffer "*pipe-rpc 1 log*" (buffer-size))') >= 1000000


def test_the_log_is_shown_anew_though_its_buffer_is_read_only(emacs: Emacs) -> None:
    emacs.shell("echo one; read line; echo two; read line")
    emacs.wait_output("one")
    emacs.eval("(pipe-rpc-log 1)")
    emacs.wait('(get-buffer "*pipe-rpc 1 log*")')
    emacs.eval('(with-current-buffer "*pipe-rpc 1 log*" (view-mode))')
    emacs.eval('(pipe-rpc-write "go" 1)')
    emacs.wait_output("two")
    emacs.eval("(pipe-rpc-log 1)")
    emacs.wait('(with-current-buffer "*pipe-rpc 1 log*" (string-search "two" (buffer-string)))')
