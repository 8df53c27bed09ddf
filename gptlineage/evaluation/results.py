"""The one shape of every file under data/results/: who measured what, where, with which seeds."""

from __future__ import annotations

import math
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..inference.checkpoint import write_json

PACKAGES = ("gptlineage", "torch", "numpy")


def machine() -> str:
    """The processor and the number of cores, and nothing that identifies whose machine it is."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def write_results(path: Path, command: str, rows: list[dict[str, Any]], *, seeds: list[int]) -> None:
    """Write rows (flat records) with everything needed to judge and repeat them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "seeds": seeds,
        "rows": rows,
    }
    write_json(path, content)


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share."""
    z, share = 1.96, right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
