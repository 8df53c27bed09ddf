"""Many people at once: each keeps a conversation of their own, and nobody's slowness or leaving is another's."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from gradio_client import Client

import gptlineage as gl
from gptlineage.paths import import_app

from .test_browser import Visit, chromium, messages, say, visit  # noqa: F401  (fixtures)

studio = import_app("studio")
PEOPLE = 20
PLACES = studio.models.GENERATING["concurrency_limit"]
DIALS = (0.7, 50, 1.0, 32, "7")
PATIENCE = 180  # seconds; other programs may be at work beside the tests

# What a stand-in model does when it is asked for one of these; it writes everything else itself.
ENDLESS, LARGE = "Never stop", "Write a large book"
PIECES, PIECE = 30, "x" * 300_000  # together more than the buffers between a server and its reader hold
RUNNING: list[str] = []  # the texts that are being written
ENOUGH = threading.Event()  # ends the endless ones, whatever came of the test


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    write = gl.LanguageModel.stream_chat

    def answer(lm: gl.LanguageModel, heard: list[dict[str, str]], **settings: Any) -> Iterator[str]:
        asked = heard[-1]["content"]
        return counted(asked) if asked in (ENDLESS, LARGE) else write(lm, heard, **settings)

    def counted(asked: str) -> Iterator[str]:
        RUNNING.append(asked)
        try:
            left = PIECES
            while left and not ENOUGH.is_set():
                yield "on and on " if asked == ENDLESS else PIECE
                left -= asked == LARGE
                time.sleep(studio.models.FRAME)
        finally:
            RUNNING.remove(asked)

    ENOUGH.clear()
    monkeypatch.setattr(gl.LanguageModel, "stream_chat", answer)
    yield
    ENOUGH.set()
    until(lambda: not RUNNING)


@pytest.fixture(scope="module")
def address(family: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    demo = studio.start(family, votes=tmp_path_factory.mktemp("runs") / "votes.jsonl")
    yield demo.local_url
    demo.close(verbose=False)


def until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def visitor(address: str) -> Client:
    return Client(address, verbose=False, httpx_kwargs={"timeout": PATIENCE})


def talk(client: Client, message: str, history: list[Any]) -> list[Any]:
    """Every picture of the conversation that was sent while the reply grew."""
    job = client.submit(message, history, "chatgpt", "", "en", *DIALS, api_name="/chat")
    job.result(timeout=PATIENCE)
    return [picture[0] for picture in job.outputs()]


def said(conversation: list[Any]) -> list[dict[str, str]]:
    """A conversation as the engine hears it."""
    return [{"role": one["role"], "content": one["content"][0]["text"].replace("\u2060", "")} for one in conversation]


def test_twenty_people_keep_their_own_conversations(address: str, family: list[str]) -> None:
    def converse(number: int) -> tuple[list[Any], list[Any]]:
        client = visitor(address)
        first = talk(client, f"I am visitor-{number}-here.", [])
        return first, talk(client, f"Remember visitor-{number}-here?", first[-1])

    with ThreadPoolExecutor(PEOPLE) as crowd:
        found = list(crowd.map(converse, range(PEOPLE)))
    alone = gl.load(next(folder for folder in family if Path(folder).name == "chatgpt"))
    settings = studio.settings.as_settings(*DIALS)
    for number, (first, second) in enumerate(found):
        assert len(first) >= 3 and len(second) >= 3  # it streams for everybody
        whole = said(second[-1])
        assert [one["role"] for one in whole] == ["user", "assistant"] * 2 and whole[:2] == said(first[-1])
        for other in range(PEOPLE):
            assert (f"visitor-{other}-here" in json.dumps(whole)) == (other == number)
        # A seed gives one reply: whatever another's generation had touched would show. (Gradio's page changes tabs.)
        for turn in (1, 3):
            assert whole[turn]["content"].split() == alone.chat(whole[:turn], **settings).split()


def asking(address: str, words: str, name: str) -> socket.socket:
    """Ask for a reply and open the stream that brings it; who calls this need not read it."""
    host = urlsplit(address)
    data = [words, [], "chatgpt", "", "en", *DIALS]
    message = {"data": data, "session_hash": name, "fn_index": number_of_chat(address)}
    body = json.dumps(message).encode()
    with request(host, f"POST /gradio_api/queue/join HTTP/1.1\r\nContent-Length: {len(body)}\r\n", body) as joined:
        assert b" 200 " in joined.recv(64)
    return request(host, f"GET /gradio_api/queue/data?session_hash={name} HTTP/1.1\r\n", b"")


@cache
def number_of_chat(address: str) -> int:
    return next(int(call["id"]) for call in visitor(address).config["dependencies"] if call["api_name"] == "chat")


def request(host: Any, first: str, body: bytes) -> socket.socket:
    one = socket.socket()
    one.settimeout(PATIENCE)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    one.connect((host.hostname, host.port))
    head = f"{first}Host: {host.netloc}\r\nContent-Type: application/json\r\n\r\n"
    one.sendall(head.encode() + body)
    return one


def test_whoever_does_not_read_holds_up_nobody(address: str, stand_in: None) -> None:
    slow = [asking(address, LARGE, f"slow{number}") for number in range(PLACES)]
    until(lambda: len(RUNNING) == PLACES)
    assert talk(visitor(address), "Hello", [])[-1][1]["role"] == "assistant"
    until(lambda: not RUNNING)  # the books came to their end, too, though nobody has read a line
    for one in slow:
        one.close()


def test_whoever_leaves_in_the_middle_frees_a_place(address: str, stand_in: None) -> None:
    gone = [asking(address, ENDLESS, f"gone{number}") for number in range(PLACES)]
    for one in gone:
        while b"process_generating" not in one.recv(4096):
            pass
    assert RUNNING == [ENDLESS] * PLACES
    for one in gone:
        one.close()
    assert talk(visitor(address), "Hello", [])[-1][1]["role"] == "assistant"
    until(lambda: not RUNNING)


@pytest.fixture
def crowd(address: str, stand_in: None) -> Iterator[None]:
    """Every place is taken for good, and everything that may wait for one is waiting."""
    busy = [asking(address, ENDLESS, f"busy{number}") for number in range(PLACES)]
    until(lambda: len(RUNNING) == PLACES)
    busy += [asking(address, ENDLESS, f"waiting{number}") for number in range(studio.MOST_WAITING)]
    yield
    for one in busy:
        one.close()


def test_a_program_hears_at_once_that_the_crowd_is_too_large(address: str, crowd: None) -> None:
    with pytest.raises(Exception, match="full"):
        talk(visitor(address), "Hello", [])


@pytest.mark.parametrize(("locale", "lang"), [("en-US", "en"), ("zh-CN", "zh")])
def test_a_reader_hears_it_in_their_language(crowd: None, visit: Visit, locale: str, lang: str) -> None:  # noqa: F811
    page = visit(locale=locale)
    assert page.locator(".toast-message-text").count() == 0  # the page itself opens, however many there are
    say(page, "Hello")
    page.locator(".toast-message-text").wait_for()
    told = page.inner_text("[data-testid=toast-body]").replace("×", "").strip()
    assert told == studio.strings.text("error.crowded", lang)
    assert page.input_value("#message textarea") == "Hello" and messages(page) == []  # it can be sent again
    assert page.locator("#send").is_visible()
