"""Medications: what a person takes, whether they took it, and what it does to them."""
