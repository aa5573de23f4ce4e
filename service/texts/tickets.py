"""What is said about tickets, their acts and the inbox."""

TEXTS: dict[str, tuple[str, str]] = {}
