"""Measuring: held-out questions, speed, and the one shape in which every figure is written down."""

from .exam import ask_all
from .results import wilson_interval, write_results

__all__ = ["ask_all", "wilson_interval", "write_results"]
