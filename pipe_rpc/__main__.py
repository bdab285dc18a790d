"""Entry point of ``pipe-rpc`` and ``python -m pipe_rpc``."""

import sys


def main() -> int:
    """Run the command line; returns the exit status."""
    from pipe_rpc.cli.main import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # The current directory: a file of it must not pass for a module that is imported later.
    sys.exit(main())
