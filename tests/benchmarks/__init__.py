"""How fast, compared with what: `python -m tests.benchmarks`.

Absolute times say little on a shared machine, so every work is done in interleaved rounds by several rivals: pipe-rpc,
the same work without any server, a naive server on pygls and asyncio, and what else is installed. What counts is the
ratio inside one round.

Two commands beside it look at pipe-rpc alone: `python -m tests.benchmarks.growth` at what becomes dearer as there is
more of it, `python -m tests.benchmarks.stages` at where its microseconds go.

**Invariant:** no rival is fast because it is wrong: what came back is checked, and one that loses a byte has failed.
**Invariant:** every wait has a deadline, and no process outlives the `with` block that started it.
"""
