"""snake_case inside, camelCase on the wire: the one place where the two meet."""


def wire_name(name: str) -> str:
    """The name on the wire: session_id is sessionId."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
