"""PostgreSQL and the photo store: the only code that knows tables and files."""
