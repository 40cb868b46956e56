"""Lessons: their files, their pages, what is kept of them."""
