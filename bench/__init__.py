"""Measured claims: `python -m bench` compares the application with the smallest one that does the same."""
