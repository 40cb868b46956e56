"""About me: what a patient told of themselves at the start, and can change at any time."""
