"""Twenty people at once: each keeps a conversation of their own, and nobody's slowness is another's."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from gradio_client import Client

from gptlineage.paths import import_app

studio = import_app("studio")
PEOPLE = 20
DIALS = (0.7, 50, 1.0, 32, "7")
PATIENCE = 180  # seconds; other programs may be at work beside the tests


@pytest.fixture(scope="module")
def address(family: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    demo = studio.start(family, votes=tmp_path_factory.mktemp("runs") / "votes.jsonl")
    yield demo.local_url
    demo.close(verbose=False)


def visitor(address: str) -> Client:
    return Client(address, verbose=False, httpx_kwargs={"timeout": PATIENCE})


def talk(client: Client, message: str, history: list[Any], dials: tuple[Any, ...] = DIALS) -> list[Any]:
    """Every picture of the conversation that was sent while the reply grew."""
    job = client.submit(message, history, "chatgpt", "", "en", *dials, api_name="/chat")
    job.result(timeout=PATIENCE)
    return [picture[0] for picture in job.outputs()]


def texts(conversation: list[Any]) -> str:
    return json.dumps(conversation, ensure_ascii=False)


def test_twenty_people_keep_their_own_conversations(address: str) -> None:
    def converse(number: int) -> tuple[list[Any], list[Any]]:
        client = visitor(address)
        first = talk(client, f"I am visitor-{number}-here.", [])
        return first, talk(client, f"Remember visitor-{number}-here?", first[-1])

    with ThreadPoolExecutor(PEOPLE) as crowd:
        found = list(crowd.map(converse, range(PEOPLE)))
    for number, (first, second) in enumerate(found):
        assert len(first) >= 3 and len(second) >= 3  # it streams for everybody
        assert [message["role"] for message in second[-1]] == ["user", "assistant"] * 2
        assert second[-1][:2] == first[-1]
        for other in range(PEOPLE):
            assert (f"visitor-{other}-here" in texts(second[-1])) == (other == number)


def unread(address: str, number: int) -> socket.socket:
    """Somebody who asks for a long reply, opens the stream of answers, and reads none of it."""
    host = urlsplit(address)
    said = ["Tell me more", [], "chatgpt", "", "en", *DIALS[:3], 400, "7"]
    message = {"data": said, "session_hash": f"slow{number}"}
    calls = visitor(address).config["dependencies"]
    message["fn_index"] = next(call["id"] for call in calls if call["api_name"] == "chat")
    body = json.dumps(message).encode()
    joined = request(host, f"POST /gradio_api/queue/join HTTP/1.1\r\nContent-Length: {len(body)}\r\n", body)
    assert b"200" in joined.recv(64)
    joined.close()
    return request(host, f"GET /gradio_api/queue/data?session_hash=slow{number} HTTP/1.1\r\n", b"")


def request(host: Any, first: str, body: bytes) -> socket.socket:
    one = socket.create_connection((host.hostname, host.port), timeout=PATIENCE)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    head = f"{first}Host: {host.netloc}\r\nContent-Type: application/json\r\n\r\n"
    one.sendall(head.encode() + body)
    return one


def test_whoever_does_not_read_holds_up_nobody(address: str) -> None:
    places = studio.models.GENERATING["concurrency_limit"]
    slow = [unread(address, number) for number in range(places)]
    try:
        assert talk(visitor(address), "Hello", [])[-1][1]["role"] == "assistant"
    finally:
        for one in slow:
            one.close()
    # They have gone in the middle of their replies: their places are free again.
    assert talk(visitor(address), "Hello again", [])[-1][1]["role"] == "assistant"


def test_a_crowd_that_is_too_large_is_told_so(
    family: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(studio, "MOST_WAITING", 1)
    demo = studio.start(family, votes=tmp_path / "votes.jsonl")
    try:
        clients = [visitor(demo.local_url) for _ in range(8)]
        long = (*DIALS[:3], 400, "7")
        jobs = [client.submit("Go on", [], "chatgpt", "", "en", *long, api_name="/chat") for client in clients]
        ends = [job.exception(timeout=PATIENCE) for job in jobs]
    finally:
        demo.close(verbose=False)
    refused = [str(end) for end in ends if end is not None]
    assert refused and len(refused) < len(ends)  # some wait and are answered, the others hear at once
    assert all("full" in line.lower() for line in refused)
