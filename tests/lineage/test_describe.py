"""Counting weights without making them."""

from __future__ import annotations

import subprocess
import sys

COUNT_ALL = """
import sys
import gptlineage as gl
from gptlineage.lineage.describe import count_parameters
print([count_parameters(known.config(size)) for known in gl.generations() for size in known.sizes])
print("torch._dynamo" in sys.modules)
"""


def test_counting_does_not_load_torchs_compiler() -> None:
    """The studio counts when it opens, and the compiler would take two of its seconds."""
    told = subprocess.run([sys.executable, "-c", COUNT_ALL], capture_output=True, text=True, check=True).stdout
    counts, loaded = told.splitlines()
    assert "174604259328" in counts and loaded == "False"
