"""Tests of backing up and putting back."""
