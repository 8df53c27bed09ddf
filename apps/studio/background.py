"""Processes of the ordinary command line, begun by a button of the page.

Training never runs inside the server: it would slow every reply, and end with it. A `Background` outlives the page and
even the studio; whoever opens a studio later can tell from a lock on its file of complaints that it still runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import IO, Any

import gptlineage as gl

try:
    import fcntl
except ImportError:  # Windows, where a later studio cannot tell
    fcntl = None  # type: ignore[assignment]

COMMAND = (sys.executable, "-c", "from gptlineage.cli import main; main()")
PREFIXES = ("error: ", "错误：")  # of the command line's one line of complaint
REPEAT = 120.0  # seconds after which a request to stop is made again: a stage that was just ending does not hear it
GLANCE = 0.2


class Background:
    """At most one process at a time. `trouble` is the last line that it said, when it failed."""

    def __init__(self) -> None:
        self.running, self.stopping = False, False
        self.trouble = ""
        self.lock = threading.RLock()
        self._pid = 0

    def begin(self, arguments: Sequence[str], said: Path, lang: str, ended: Callable[[int | None], None]) -> int:
        """Run the command line with its stderr in the file `said`; returns the process's number.

        `ended` is called with the exit code before `running` turns false. Nothing happens while another one runs; the
        number is 0 where the process cannot be begun, and `trouble` says why.
        """
        with self.lock:
            if self.running:
                return self._pid
            try:
                with said.open("wb") as file:  # a pipe that nobody empties would stop the run
                    if fcntl is not None:
                        fcntl.flock(file, fcntl.LOCK_EX)  # the process inherits it, and holds it until it ends
                    process = launch(arguments, lang, stdout=subprocess.DEVNULL, stderr=file)
            except OSError as error:
                self.trouble = str(error)
                return 0
            self.running, self.stopping, self.trouble, self._pid = True, False, "", process.pid
        threading.Thread(target=self._wait, args=(process, said, ended), daemon=True).start()
        return process.pid

    def adopt(self, pid: int, said: Path, ended: Callable[[int | None], None]) -> None:
        """Take over a process that an earlier studio began; `ended` learns no exit code."""
        self.running, self.stopping, self.trouble, self._pid = True, False, "", pid
        threading.Thread(target=self._watch, args=(said, ended), daemon=True).start()

    def stop(self) -> None:
        """Ask the process to save what it has and end."""
        with self.lock, contextlib.suppress(OSError):
            if self.running:
                self.stopping = True
                os.kill(self._pid, signal.SIGTERM)

    def _wait(self, process: subprocess.Popen[bytes], said: Path, ended: Callable[[int | None], None]) -> None:
        while True:
            try:
                code = process.wait(REPEAT)
                break
            except subprocess.TimeoutExpired:
                if self.stopping:
                    self.stop()
        self.trouble = last_line(said, code) if code else ""
        self._finish(code, ended)

    def _watch(self, said: Path, ended: Callable[[int | None], None]) -> None:
        while held(said):
            time.sleep(GLANCE)
        self._finish(None, ended)

    def _finish(self, code: int | None, ended: Callable[[int | None], None]) -> None:
        try:
            ended(code)
        except (gl.UserError, ValueError, OSError) as error:
            self.trouble = str(error)
        finally:
            self.running = False


def launch(arguments: Sequence[str], lang: str, **streams: Any) -> subprocess.Popen[bytes]:
    speak = {"GPTLINEAGE_LANG": lang, "TQDM_MININTERVAL": "60"}  # its progress bar is read by nobody
    return subprocess.Popen(
        [*COMMAND, *arguments], env={**os.environ, **speak}, stdin=subprocess.DEVNULL, start_new_session=True, **streams
    )


def ask(arguments: Sequence[str], lang: str) -> Generator[None, None, str]:
    """What the command line prints; yields while it is at work, and ends it when nobody listens any more.

    Raises UserError with its last line when it fails.
    """
    with tempfile.TemporaryDirectory() as place:
        said, printed = Path(place) / "said", Path(place) / "printed"
        with said.open("wb") as errors, printed.open("wb") as output:
            process = launch(arguments, lang, stdout=output, stderr=errors)
            try:
                while process.poll() is None:
                    time.sleep(GLANCE)
                    yield
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode:
            line = last_line(said, process.returncode)
            raise gl.UserError(line, line)
        return printed.read_text(encoding="utf-8", errors="replace")


def last_line(said: Path, code: int) -> str:
    """The one line that says what went wrong."""
    lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    line = lines[-1].strip() if lines else f"exit {code}"
    for prefix in PREFIXES:
        line = line.removeprefix(prefix)
    return line


def held(said: Path) -> bool:
    """Whether the process that was begun with this file is still there."""
    if fcntl is None:
        return False
    try:
        with said.open("rb") as file:
            return is_locked(file)
    except OSError:
        return False


def is_locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
