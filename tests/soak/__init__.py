"""Bounded memory and liveness: hostile clients and hostile children, against a real server with other work going on."""
