"""Tests of the application."""

import pytest

pytest.register_assert_rewrite("tests.page", "tests.factories")
