"""``pipe-rpc schema``: the contract for machines."""

import argparse
import json
import sys

from pipe_rpc.protocol.openrpc import openrpc_document


def main(argv: list[str]) -> int:
    """Print the document; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="pipe-rpc schema",
        description="Print methods, notifications, types, errors and limits as an OpenRPC document.",
    )
    parser.parse_args(argv)
    sys.stdout.write(json.dumps(openrpc_document(), indent=2, ensure_ascii=False) + "\n")
    return 0
