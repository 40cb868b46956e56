"""The supporters' pages: the people who asked for their support, and what those share with them."""
