"""Tandem: one place for people in integrated care, their team and their supporters."""
