"""The studio: a page in the browser on which a person talks to every generation and sets them side by side.

    gptlineage studio [--host --port --lang]

One file per tab. The page speaks English and Chinese, listens on this computer only, and asks nothing of any other.
"""

from __future__ import annotations

from . import swift_import  # noqa: F401 - before anything else imports Gradio

# isort: split
import contextlib
import errno
import os
import socket
import threading
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import torch

import gptlineage as gl
from gptlineage.corpus import FileSource
from gptlineage.errors import language

from . import theme
from .arena import build_arena
from .chat import build_chat
from .compare import build_compare
from .crowd import refuse
from .header import build_header
from .inside import build_inside
from .lineage import build_lineage
from .models import ModelPool
from .results import build_results
from .strings import Translator, escaped, text
from .train import build_train
from .training import MOST_MEGABYTES, Training, finished_runs

__all__ = ["build_studio", "serve", "start"]

# One token of a model this narrow is too little work to share among threads: beside a training run on two cores,
# a miniature wrote 64 tokens a second with two threads and 241 with one.
SMALL = 512

VOTES = Path("runs") / "votes.jsonl"  # where the studio is started, beside the runs of `train`
MOST_WAITING = 32  # people in the queue; the next is told to try again
UPLOADS_KEPT = (3600, 86400)  # seconds: looked through every hour, deleted after a day, and all when the studio closes
RUNS = "studio"  # the folder of the models trained here, beside the votes

# The browser's language, unless the reader chose another here before. {fixed} is "" or the language of --lang.
FIND_LANGUAGE = """(current) => {
  let lang = '{fixed}', chosen = null;
  try { chosen = localStorage.getItem('gptlineage.language'); } catch (error) {}
  lang = lang || chosen || (navigator.language || 'en').toLowerCase();
  lang = lang.startsWith('zh') ? 'zh' : 'en';
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  return lang;
}"""
KEEP_LANGUAGE = """(lang) => {
  try { localStorage.setItem('gptlineage.language', lang); } catch (error) {}
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  return lang;
}"""


def build_studio(models: Sequence[str] | None = None, lang: str | None = None) -> gr.Blocks:
    """The page, not yet served. `models` are released names or checkpoint folders; all released ones by default.

    `lang` ("en" or "zh") fixes the language it opens in; otherwise the browser decides. Raises UserError for a
    model that is not there.
    """
    return page(ModelPool(models), lang)


def page(pool: ModelPool, lang: str | None, votes: Path = VOTES, data: Sequence[Path] = ()) -> gr.Blocks:
    words = Translator(lang or "en")
    root = votes.parent / RUNS
    training = Training(pool, root)
    pool.make_lanes()
    settings: dict[str, Any] = {"analytics_enabled": False, "fill_width": True, "delete_cache": UPLOADS_KEPT}
    with gr.Blocks(title=text("app.title", words.lang), **settings) as demo:
        switch = build_header(pool, words)
        with gr.Tabs(elem_id="views", overflow_behavior="wrap"):
            pickers = [build_chat(demo, pool, words, switch), build_compare(pool, words, switch)]
            look, standing = build_arena(pool, words, switch, votes, root)
            build_inside(pool, words, switch)
            look_at_training, training_parts = build_train(pool, words, switch, training, data)
            build_lineage(pool, words, switch)
            build_results(words, switch)
        words.paragraph(lambda language: escaped("app.footer", language), "colophon")
        # No progress on anything: the page would tell every one of these components of each step of every later event.
        quick: dict[str, Any] = {"queue": False, "show_progress_on": [], "api_visibility": "private"}

        def opened(language: str) -> list[Any]:
            """What a new visitor sees; models that were trained since the start are on offer."""
            offered = [gr.update(choices=choices) for choices in (pool.writers, pool.lane_choices)]
            return [language, *words.updates(language), *offered, *look(language), *look_at_training(language)]

        demo.load(
            opened,
            switch,
            [switch, *words.components, *pickers, *standing, *training_parts],
            js=FIND_LANGUAGE.replace("{fixed}", lang or ""),
            **quick,
        )
        switch.input(words.updates, switch, words.components, js=KEEP_LANGUAGE, **quick)
    demo.queue(max_size=MOST_WAITING)
    return demo


def start(
    models: Sequence[str] | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    lang: str | None = None,
    votes: Path = VOTES,
    data: Sequence[Path] = (),
) -> gr.Blocks:
    """Build the page and serve it in the background; its address is `.local_url`, `.close()` ends it.

    Without a `port` the first free one from 7860 on is taken. `votes` is the file of the arena's ballots; what is
    trained here lies beside it. `data` are texts and folders that may be trained on.
    """
    pool = ModelPool(models)
    for folder in finished_runs(votes.parent / RUNS) if models is None else ():
        with contextlib.suppress(gl.UserError):  # a run that cannot be read is no reason not to open
            pool.add(folder)
    if all(card.config.d_model <= SMALL for card in pool.cards.values()):
        torch.set_num_threads(1)
    demo = page(pool, lang, votes, data)
    pool.preload()
    family = [(generation.name, generation.name) for generation in gl.generations()]
    with direct_connection():
        demo.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            inbrowser=False,
            # This only skips a look at its own page that gives up after 3 seconds, too few beside a training run.
            _frontend=False,
            share=False,
            ssr_mode=False,
            run_history=False,
            enable_monitoring=False,
            footer_links=[],
            allowed_paths=[],
            max_file_size=2 * MOST_MEGABYTES * 10**6,  # what is a little too large is refused in the reader's words
            app_kwargs={"exception_handlers": {503: refuse}},
            theme=theme.theme(),
            css=theme.stylesheet([*((card.key, card.generation) for card in pool.cards.values()), *family]),
            head=theme.head(),
        )
    return demo


def serve(
    host: str = "127.0.0.1",
    port: int = 7860,
    lang: str | None = None,
    open_browser: bool = False,
    data: Sequence[Path] = (),
) -> None:
    """Serve the studio until Ctrl-C. Raises UserError when the address cannot be used, or there is no such text."""
    check_address(host, port)
    for path in data:
        FileSource(path)
    speak = lang or language()
    demo = start(host=host, port=port, lang=lang, data=data)
    with contextlib.suppress(KeyboardInterrupt):
        print(text("serve.open", speak, url=demo.local_url), flush=True)
        if host not in ("127.0.0.1", "localhost", "::1"):
            print(text("serve.public", speak), flush=True)
        if open_browser:
            webbrowser.open(str(demo.local_url))
        wait_for_ever()
    demo.close(verbose=False)


def wait_for_ever() -> None:
    threading.Event().wait()


def check_address(host: str, port: int) -> None:
    """Raise UserError, with a port that is free, unless we can listen there."""
    try:
        listen(host, port)
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) != errno.EADDRINUSE:
            raise gl.UserError(
                f"The studio cannot listen on {host} port {port} ({error}); try --host 127.0.0.1 --port 7860.",
                f"工作室无法监听 {host} 的端口 {port}（{error}）；请试试 --host 127.0.0.1 --port 7860。",
            ) from error
        free = listen(host, 0)
        for candidate in range(port + 1, min(port + 100, 65536)):
            with contextlib.suppress(OSError):
                free = listen(host, candidate)
                break
        raise gl.UserError(
            f"Port {port} is in use; is a studio open already? This one is free: --port {free}",
            f"端口 {port} 已被占用，是不是已经开着一个工作室？这个端口可用：--port {free}",
        ) from error


def listen(host: str, port: int) -> int:
    """Listen for a moment; returns the port (0 asks for any)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":  # as the server does, so that a port just closed counts as free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def direct_connection() -> Iterator[None]:
    """Let Gradio's question to its own page pass by any proxy: with one set, its start fails otherwise."""
    names = ("NO_PROXY", "no_proxy")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "*"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
