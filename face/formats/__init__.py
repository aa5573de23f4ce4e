"""Photo files: what each format says of itself in its header, and how it is decoded."""
