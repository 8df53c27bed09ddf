"""What a stranger, a careless text or a hostile page might try on a studio, each tried on one that is running."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from gradio_client import Client

import gptlineage as gl
from gptlineage.paths import import_app

from .test_browser import Visit, chromium, messages, say, visit, wait_until_idle  # noqa: F401  (fixtures)
from .test_several_people import until

studio = import_app("studio")
MOST, BOUND = studio.models.MOST_CHARACTERS, 2 * studio.training.MOST_MEGABYTES
REPOSITORY = Path(gl.__file__).parents[1]
SECRET = "open sesame, 5f3759df"
DIALS = (0.8, 50, 1.0, 16, "7")
EVIL = (
    '<img src=x onerror="window.evil=1"> ${window.evil=2} {{window.evil}} <script>window.evil=3</script> '
    "<b>bold</b> **b** [x](javascript:window.evil=4) $$x^2$$"
)


class Place(NamedTuple):
    """A running studio, and a folder of its owner that the studio was told nothing of."""

    address: str
    private: Path
    config: dict[str, Any]

    def component(self, elem_id: str) -> int:
        named = (one for one in self.config["components"] if one["props"].get("elem_id") == elem_id)
        return int(next(named)["id"])


@pytest.fixture(scope="module")
def place(family: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A studio whose models write markup."""
    private = tmp_path_factory.mktemp("private")
    (private / "secret.txt").write_text(SECRET, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gl.LanguageModel, "_pieces", lambda *_: iter(EVIL))
        demo = studio.start(family, votes=private / "runs" / "votes.jsonl")
        yield Place(demo.local_url, private, httpx.get(f"{demo.local_url}config").json())
        demo.close(verbose=False)


@pytest.fixture(scope="module")
def address(place: Place) -> str:
    return place.address


def asked(place: Place, path: str) -> tuple[int, str]:
    """Status and text of a request whose path nobody has tidied up on the way."""
    host = urlsplit(place.address)
    connection = http.client.HTTPConnection(str(host.hostname), host.port, timeout=60)
    connection.putrequest("GET", path)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read().decode(errors="replace")


def uploaded(place: Place, name: str, content: bytes) -> httpx.Response:
    return httpx.post(f"{place.address}gradio_api/upload", files={"files": (name, content)}, timeout=120)


def called(place: Place, number: int, data: list[Any]) -> dict[str, Any]:
    """How an event ends that is called as no page would call it."""
    api = f"{place.address}gradio_api/queue/"
    body = {"data": data, "fn_index": number, "session_hash": "stranger"}
    assert httpx.post(f"{api}join", json=body).status_code == 200
    with httpx.stream("GET", f"{api}data?session_hash=stranger", timeout=120) as answer:
        told = [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line]
    return next(one for one in told if one["msg"] == "process_completed")


def events_with_file(place: Place) -> Iterator[dict[str, Any]]:
    file = place.component("train-file")
    return (event for event in place.config["dependencies"] if file in event["inputs"])


def with_file(place: Place, event: dict[str, Any], path: str) -> list[Any]:
    """The inputs of an event as a page just opened has them, but with this file, of which the training shall be."""
    values = {one["id"]: one["props"].get("value") for one in place.config["components"]}
    values[place.component("train-data")] = studio.choosing.OWN
    values[place.component("train-file")] = {"path": path, "meta": {"_type": "gradio.FileData"}}
    return [values[number] for number in event["inputs"]]


# ---- files


@pytest.mark.parametrize("way", ["/gradio_api/file={}", "/gradio_api/file=/{}", "/gradio_api/file/{}", "/file={}"])
@pytest.mark.parametrize("of", ["secret.txt", "runs/votes.jsonl", "weights", "repository", "cwd"])
def test_no_file_of_the_owner_can_be_fetched(place: Place, family: list[str], way: str, of: str) -> None:
    (place.private / "runs").mkdir(exist_ok=True)
    (place.private / "runs" / "votes.jsonl").touch()
    there = {
        "weights": Path(family[0]) / "config.json",
        "repository": REPOSITORY / "pyproject.toml",
        "cwd": Path("pyproject.toml"),
    }
    path = there.get(of, place.private / of)
    status, text = asked(place, way.format(path))
    assert status in (403, 404) and SECRET not in text and "d_model" not in text and "[project]" not in text


@pytest.mark.parametrize("where", ["static", "assets", "svelte", "gradio_api/file=", "custom_component/x/client/y"])
@pytest.mark.parametrize("up", ["../", "..%2f", "%2e%2e/", "..%5c", "....//"])
def test_no_path_leads_out_of_the_pages_own_folders(place: Place, where: str, up: str) -> None:
    status, text = asked(place, f"/{where}/{up * 12}{str(place.private / 'secret.txt').lstrip('/')}")
    assert status in (400, 403, 404) and SECRET not in text


def test_the_server_fetches_nothing_for_a_stranger(place: Place) -> None:
    for way in ("/gradio_api/proxy={}", "/gradio_api/file={}", "/proxy={}"):
        status, _ = asked(place, way.format(f"{place.address}config"))
        assert status in (400, 403, 404)


def test_an_upload_opens_no_way_to_other_files(place: Place) -> None:
    own = uploaded(place, "../../../../evil.txt", b"mine").json()[0]
    assert Path(own).name == "evil.txt" and ".." not in own
    assert asked(place, f"/gradio_api/file={own}") == (200, "mine")
    for other in (f"{Path(own).parent}/{'../' * 9}{place.private}/secret.txt", f"{own}/{'../' * 9}etc/passwd"):
        status, text = asked(place, f"/gradio_api/file={other}")
        assert status in (403, 404) and SECRET not in text and "root:" not in text


def test_a_file_that_was_never_uploaded_is_not_read(place: Place) -> None:
    """A forged upload: not even its size or whether it is text may come out."""
    events = list(events_with_file(place))
    assert len(events) >= 3
    for event in events:
        end = called(place, event["id"], with_file(place, event, str(place.private / "secret.txt")))
        told = json.dumps(end)
        assert not end["success"] and SECRET not in told and f"{len(SECRET)} " not in told


def test_where_things_lie_is_not_told(place: Place, family: list[str]) -> None:
    told = json.dumps(place.config) + asked(place, "/")[1] + asked(place, "/gradio_api/info")[1]
    assert not any(str(path) in told for path in (Path(family[0]).parent, REPOSITORY, Path.home()))


# ---- uploads


def file_line(place: Place, name: str, content: bytes) -> dict[str, Any]:
    """What the Train tab says of an uploaded file."""
    line = place.component("train-file-line")
    event = next(one for one in events_with_file(place) if one["outputs"] == [line])
    return called(place, event["id"], with_file(place, event, uploaded(place, name, content).json()[0]))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bomb.txt", gzip.compress(bytes(10**7)), "not UTF-8"),
        ("binary.md", b"text\0text" * 99, "binary"),
        ("empty.txt", b"", "no text"),
        ("large.txt", b"Once upon a time. " * 1_400_000, "at most 20"),
    ],
)
def test_what_is_no_text_of_bearable_size_is_refused(place: Place, name: str, content: bytes, words: str) -> None:
    (told,) = file_line(place, name, content)["output"]["data"]
    assert "trouble" in told and words in told and name in told and "/" not in told.split("iconv")[0].replace("</", "")


@pytest.mark.parametrize("name", ["bomb.txt.gz", "model.pt", "page.html", "run.sh", "txt"])
def test_another_kind_of_file_is_refused(place: Place, name: str) -> None:
    assert not file_line(place, name, b"Once upon a time.")["success"]


def test_a_huge_upload_is_refused_while_it_comes(place: Place) -> None:
    answer = uploaded(place, "huge.txt", bytes((BOUND + 20) * 10**6))
    assert answer.status_code == 413 and str(BOUND) in answer.text


def test_what_was_uploaded_goes_with_the_studio(family: list[str], tmp_path: Path) -> None:
    demo = studio.start(family[:1], votes=tmp_path / "votes.jsonl")
    here = Place(demo.local_url, tmp_path, {})
    own = Path(uploaded(here, "diary.txt", f"Only for this studio: {tmp_path}".encode()).json()[0])
    assert own.is_file()
    demo.close(verbose=False)
    until(lambda: not own.exists())


# ---- texts


@pytest.mark.parametrize("endpoint", ["/chat", "/compare", "/arena", "/inside"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_text_that_is_too_long_is_refused_in_one_line(place: Place, endpoint: str, lang: str) -> None:
    text, everyone = "x" * 100_000, ["gpt-1", "gpt-2"]
    arguments: dict[str, tuple[Any, ...]] = {
        "/chat": (text, [], "chatgpt", "", lang, *DIALS),
        "/compare": (text, everyone, True, lang, *DIALS),
        "/arena": (text, everyone, lang),
        "/inside": (text, "gpt-2", "", True, lang, *DIALS),
    }
    told = str(Client(place.address, verbose=False).predict(*arguments[endpoint], api_name=endpoint))
    assert studio.strings.text("error.too_long", lang, n=len(text), most=MOST) in told and text not in told


def test_a_stranger_gets_no_longer_reply_than_the_page_offers(place: Place) -> None:
    with pytest.raises(Exception, match=str(studio.settings.LONGEST)):
        Client(place.address, verbose=False).predict(
            "Hello", [], "chatgpt", "", "en", *DIALS[:3], 10**9, "7", api_name="/chat"
        )


def test_neither_people_nor_models_can_write_markup(visit: Visit) -> None:  # noqa: F811
    page = visit()
    say(page, EVIL)
    page.locator("#conversation .bot .message-content").wait_for()
    wait_until_idle(page)
    assert messages(page) == [EVIL, EVIL]
    page.locator("#kept > button").first.click()
    page.click("#kept-chats input")
    page.get_by_role("option", name="img src=x").wait_for()
    open_tab(page, "compare")
    page.fill("#prompt textarea", EVIL)
    page.click("#run")
    page.locator("#run:not([disabled])").wait_for()
    page.locator(".lane .written").nth(3).wait_for()  # one of the five sees too little to read it
    assert page.locator(".lane .asked").first.inner_text() == EVIL
    assert {text.strip() for text in page.locator(".lanes:not(.pair) .written").all_inner_texts()} == {EVIL}
    open_tab(page, "arena")
    page.click("#arena-models label:has(input[name='gpt-1'])")
    page.fill("#arena-prompt :is(textarea, input)", EVIL)
    page.click("#fight")
    page.locator("#vote-left:not([disabled])").wait_for()
    assert page.locator(".pair .written").all_inner_texts() == [EVIL, EVIL]
    page.click("#vote-left")
    page.locator(".pair .verb").nth(1).wait_for()
    assert page.locator(".pair .written").all_inner_texts() == [EVIL, EVIL]
    open_tab(page, "inside")
    page.fill("#inside-text textarea", EVIL)
    page.click("#look")
    page.locator("#texts-0 button.tok").first.wait_for()
    assert "onerror" in "".join(page.locator("#texts-0 button.tok").all_inner_texts())
    open_tab(page, "train")
    page.click("#train-data input")
    page.get_by_role("option").last.click()
    file = {"name": "<img src=x onerror='window.evil=5'>.txt", "mimeType": "text/plain", "buffer": b"Once upon a time."}
    page.set_input_files("input[type=file]", file)
    page.locator("#train-file-line", has_text="onerror").wait_for()
    assert page.evaluate("window.evil") is None
    assert page.locator("img[src='x'], main b:text-is('bold'), a[href^='javascript']").count() == 0


def open_tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=studio.strings.text(f"{name}.tab", "en"), exact=True).click()


# ---- the network


def test_it_listens_on_this_computer_only(place: Place) -> None:
    port = urlsplit(place.address).port
    assert httpx.get(f"http://127.0.0.1:{port}/config").status_code == 200
    with pytest.raises(httpx.HTTPError):  # another address of this computer, which a server for everybody answers, too
        httpx.get(f"http://127.0.0.2:{port}/config", timeout=5)


def test_another_sites_page_learns_nothing_and_begins_nothing(place: Place) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        told = httpx.get(f"{place.address}config", headers=headers)
        assert "access-control-allow-origin" not in told.headers
        asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        told = httpx.options(f"{place.address}gradio_api/queue/join", headers={**headers, **asks})
        assert "access-control-allow-origin" not in told.headers
        # The one kind of body that a page may send without asking first.
        body = json.dumps({"data": [], "fn_index": 0, "session_hash": "stranger"})
        plain = {**headers, "Content-Type": "text/plain"}
        assert httpx.post(f"{place.address}gradio_api/queue/join", content=body, headers=plain).status_code == 422


QUIET = """
import os, sys
outside = []
def hook(event, values):
    if event == "socket.connect" and isinstance(values[1], tuple) and values[1][0] not in ("127.0.0.1", "::1"):
        outside.append(values[1])
    if event == "socket.getaddrinfo" and values[0] not in ("127.0.0.1", "::1", "localhost", None):
        outside.append(values[0])
sys.addaudithook(hook)
from gptlineage.paths import import_app
studio = import_app("studio")
demo = studio.start([sys.argv[1]])
import httpx
from gradio_client import Client
assert httpx.get(demo.local_url).status_code == 200
Client(demo.local_url, verbose=False).predict("Hi", [], "gpt-2", "", "en", 0, 1, 1, 8, "1", api_name="/chat")
demo.close(verbose=False)
print(os.environ["GRADIO_ANALYTICS_ENABLED"], outside)
"""


def test_the_server_asks_no_other_host(family: list[str], tmp_path: Path) -> None:
    model = next(folder for folder in family if Path(folder).name == "gpt-2")
    env = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "True", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", QUIET, model], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == "False []", done.stderr
