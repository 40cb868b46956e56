"""Reviewed words and data, no code of features: help lines, consent forms, messages, lists."""
