"""Editors without a plugin: editors/stock-lsp."""
