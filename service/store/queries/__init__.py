"""Reading queries that more than one use case needs."""
