"""Tests of the features, one folder each."""
