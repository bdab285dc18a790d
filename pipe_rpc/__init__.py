"""pipe-rpc: a JSON-RPC 2.0 endpoint over stdin/stdout that runs processes as sessions.

Floors, each knowing only those below it: ``cli`` → ``server`` | ``client`` | ``aio`` → ``lsp`` | ``conversation`` →
``session`` | ``protocol`` → ``child`` → ``loop`` → ``buffers`` → ``errors`` | ``limits``.
"""

__version__ = "0.1.0"
