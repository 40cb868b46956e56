"""Today: the first page after signing in."""
