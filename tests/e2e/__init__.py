"""End-to-end tests: `python -m pipe_rpc` over real pipes, from the wire contract alone."""
