"""``pipe-rpc schema``: the contract for machines, as it was generated with the package."""

import argparse
import sys
from importlib import resources


def main(argv: list[str]) -> int:
    """Print the document; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="pipe-rpc schema",
        description="Print methods, notifications, types, errors and limits as an OpenRPC document.",
    )
    parser.parse_args(argv)
    # Not made anew: it is made of docstrings, which an optimising interpreter (-OO) does not have.
    sys.stdout.write(resources.files("pipe_rpc").joinpath("openrpc.json").read_text(encoding="utf-8"))
    return 0
