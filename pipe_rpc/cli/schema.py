"""``pipe-rpc schema``: the contract for machines, as it was generated with the package."""

import argparse
import sys
from importlib import resources

from pipe_rpc.cli.output import write_out


def main(argv: list[str]) -> int:
    """Print the document; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="pipe-rpc schema",
        description="Print methods, notifications, types, errors and limits as an OpenRPC document.",
    )
    parser.parse_args(argv)
    # Not made anew: it is made of docstrings, which an optimising interpreter (-OO) does not have.
    document = resources.files("pipe_rpc").joinpath("openrpc.json").read_text(encoding="utf-8")
    try:
        write_out(document)
    except OSError as error:
        sys.stderr.write(f"pipe-rpc schema: the document cannot be written: {error.strerror}\n")
        return 1
    return 0
