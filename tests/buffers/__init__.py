"""Pure bytes in, pure bytes out."""
