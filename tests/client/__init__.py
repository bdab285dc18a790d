"""The blocking client and what `pipe-rpc run` is made of, with the real server."""
