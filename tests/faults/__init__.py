"""System calls that fail, and how little of a server ends with them."""
