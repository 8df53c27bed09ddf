"""Gradio, imported without telemetry, and without writing its stubs.

Whenever it is imported, Gradio parses every one of its components to write a .pyi file beside it: two fifths of the
time that the import takes. It leaves out classes whose source file is not known.
"""

import inspect
import os
import sys
from typing import Any
from unittest.mock import patch

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # nor is its maker asked whether there is a newer version

know_file = inspect.getfile


def know_no_component(thing: Any) -> str:
    if sys._getframe(1).f_globals.get("__name__") == "gradio.component_meta":
        raise OSError("no stub is wanted")
    return know_file(thing)


with patch.object(inspect, "getfile", know_no_component):
    import gradio  # noqa: F401
