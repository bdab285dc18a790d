"""Every attack, many times: ``python -m tests.attacks`` prints what they came to.

Attacks that measure how long something takes run alone, the others on all cores. The long dose takes the better part of
an hour on two cores, that of CI some minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.ledger import LEDGER, Entry, read_entries, table

README = Path(__file__).resolve().parents[1] / "README.md"
MARKS = ("<!-- attacks -->", "<!-- end of attacks -->")
RUNS: tuple[tuple[str, list[str]], ...] = (("attack and not timed", ["-n", "auto"]), ("attack and timed", []))


def main() -> int:
    """Run all of them; returns the exit status of a run that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__.partition(":")[0] + ".")
    parser.add_argument("--dose", choices=["short", "ci", "long"], default="long", help="how often (default: long)")
    parser.add_argument("--readme", action="store_true", help="write the table into the README as well")
    options = parser.parse_args()
    rows: list[Entry] = []
    status = 0
    with tempfile.TemporaryDirectory() as directory:
        for number, (expression, workers) in enumerate(RUNS):
            ledger = os.path.join(directory, f"{number}.json")
            Path(ledger).write_text("[]", encoding="utf-8")  # For a run that never gets that far.
            command = [sys.executable, "-m", "pytest", "-q", "-m", expression, "-o", "faulthandler_timeout=0", *workers]
            env = {**os.environ, "PIPE_RPC_TEST_DOSE": options.dose, LEDGER: ledger}
            status = subprocess.run(command, env=env, check=False).returncode or status
            rows += read_entries(ledger)
    result = table(rows)
    print(result)
    if options.readme:
        text = README.read_text(encoding="utf-8")
        before, _, rest = text.partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        README.write_text(f"{before}{MARKS[0]}\n{result}\n{MARKS[1]}{after}", encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
