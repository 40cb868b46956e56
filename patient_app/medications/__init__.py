"""Medicines: what can be known of each of them, and how one is found by its name."""
