"""Measured claims: `python -m bench` compares the application with the smallest one that does the same."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

# Before anything imports prometheus_client: counters as under the real server, where several processes share them.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="tandem-bench-metrics-")
    atexit.register(shutil.rmtree, os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
