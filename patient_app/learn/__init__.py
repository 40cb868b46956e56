"""Short lessons to read: a library by path, what a person saved of it, what is suggested and why."""
