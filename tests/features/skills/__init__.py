"""Exercises that a person can do in the moment."""
