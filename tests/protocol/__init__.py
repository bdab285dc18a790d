"""The wire vocabulary, over pure values."""
