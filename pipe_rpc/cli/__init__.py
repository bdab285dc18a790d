"""The command line: arguments in, one of the programs run.

**Invariant:** no behaviour of its own; it reads arguments, and prints what it was asked to print.
"""
