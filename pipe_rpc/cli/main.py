"""Which program is asked for: the endpoint, unless the first argument names another."""

import signal
import sys


def main(argv: list[str]) -> int:
    """Run one of the programs; returns the exit status."""
    if sys.platform not in ("linux", "darwin"):
        sys.stderr.write(f"pipe-rpc needs Linux or macOS; this is {sys.platform}. On Windows, run it in WSL.\n")
        return 2
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # A Ctrl-C must not become a traceback, above all not among the imports, which take their time.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    match argv:
        case ["run", *rest]:
            from pipe_rpc.cli.run import main as run

            return run(rest)
        case ["record", *rest]:
            from pipe_rpc.cli.record import main as record

            return record(rest)
        case ["replay", *rest]:
            from pipe_rpc.cli.replay import main as replay

            return replay(rest)
        case ["schema", *rest]:
            from pipe_rpc.cli.schema import main as schema

            return schema(rest)
        case ["serve", *rest] | rest:
            from pipe_rpc.cli.serve import main as serve

            return serve(rest)
