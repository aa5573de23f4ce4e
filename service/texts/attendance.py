"""What is said about attendance, stop-work, certificates and findings."""

TEXTS: dict[str, tuple[str, str]] = {}
