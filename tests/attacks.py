"""Every attack, repeated until it counts: ``python -m tests.attacks`` prints what it came to.

Attacks that measure how long something takes run alone, the others on all cores. ``--readme`` puts the table into the
README as well. It takes well over half an hour on two cores.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

from tests.support.ledger import LEDGER, Entry, read_entries, table

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
MARKS = ("<!-- attacks -->", "<!-- end of attacks -->")
RUNS: tuple[tuple[str, list[str]], ...] = (("attack and not timed", ["-n", "auto"]), ("attack and timed", []))


def main() -> int:
    """Run all of them; returns the exit status of the first run that failed."""
    rows: list[Entry] = []
    status = 0
    with tempfile.TemporaryDirectory() as directory:
        for number, (expression, options) in enumerate(RUNS):
            ledger = os.path.join(directory, f"{number}.json")
            command = [sys.executable, "-m", "pytest", "-q", "-m", expression, "-o", "faulthandler_timeout=0", *options]
            env = {**os.environ, "PIPE_RPC_TEST_DOSE": "long", LEDGER: ledger}
            status = subprocess.run(command, env=env, check=False).returncode or status
            rows += read_entries(ledger)
    result = table(rows)
    print(result)
    if "--readme" in sys.argv:
        text = README.read_text(encoding="utf-8")
        before, _, rest = text.partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        README.write_text(f"{before}{MARKS[0]}\n{result}\n{MARKS[1]}{after}", encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
