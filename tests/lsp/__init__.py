"""The language server floor, fed by hand."""
