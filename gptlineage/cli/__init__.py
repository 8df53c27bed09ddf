"""The command line: one verb per subcommand, no logic of its own.

Every error that a person can put right ends in one line on stderr, in their language, and a non-zero exit.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import typer

from ..errors import UserError, explain
from . import learning, measuring, story, using
from .common import app, zh

# Typer has carried a copy of click of its own since 0.26: whichever it is, this is its class for a wrong command line.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
VERBS = (story, learning, using, measuring)  # each file adds its own to the program, in the order of its help


def complain(message: str) -> None:
    """One line on stderr, whatever line breaks a file name or a library put into the message."""
    print(("错误：" if zh() else "error: ") + " ".join(message.split()), file=sys.stderr)


def usage_message(error: Any) -> str:
    """Typer's own complaints about the command line, with their commonest kinds in Chinese too."""
    message = error.format_message()
    if zh():
        message = {
            "NoSuchOption": "没有这个选项：",
            "MissingParameter": "缺少参数：",
            "BadParameter": "参数无效：",
        }.get(type(error).__name__, "命令有误：") + message
        return message + "（加 --help 查看用法）"
    return message + " (--help shows the usage)"


def main() -> None:
    """The entry point: turn every expected failure into one line and an exit code."""
    from ..model import ConfigError
    from ..training import Interrupted

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a byte that is not text is no reason to stop
    try:
        code = app(None if sys.argv[1:] else ["--help"], standalone_mode=False)
        if code == 130:  # what Typer makes of Ctrl-C
            raise KeyboardInterrupt
        sys.stdout.flush()
    except (UserError, ConfigError) as error:
        complain(explain(error))
        code = 2
    except UsageError as error:
        complain(usage_message(error))
        code = 2
    except Interrupted as stop:
        complain(
            f"已在第 {stop.step} 步停止；加 --resume 继续。"
            if zh()
            else f"stopped at step {stop.step}; the same command with --resume goes on."
        )
        code = 130
    except (KeyboardInterrupt, typer.Abort, EOFError):
        complain("已停止。" if zh() else "stopped.")
        code = 130
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        complain(f"{error.filename or ''} {error.strerror or error}".strip())
        code = 1
    sys.exit(code or 0)
