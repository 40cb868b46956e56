"""Exercises that a person can do in the moment: each is a reviewed file in content/exercises; docs/exercises.md."""
