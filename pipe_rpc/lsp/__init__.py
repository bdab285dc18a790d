"""What LSP clients without a plugin get: commands, progress, diagnostics, messages, through pygls and lsprotocol.

**Invariant:** it is imported at the first use of an LSP service, and never on the way to another answer; it owns no
descriptor, no thread and no event loop; nothing waits for an answer of the client.
"""
