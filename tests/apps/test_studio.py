"""The studio without a browser: its words, its page, and what it answers through Gradio's client."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import socket
import string
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio_client import Client

import gptlineage as gl
from apps.studio.words import CHAT_EXAMPLES, COMPARE_EXAMPLES, PARTS, STRINGS
from gptlineage.paths import import_app
from gptlineage.training.votes import comparisons_from

from .conftest import FAMILY, LONG_PROMPT, SHORT_SIGHTED

studio = import_app("studio")
strings, theme, models = studio.strings, studio.theme, studio.models
arena = studio.arena
DIALS = (0.8, 50, 1.0, 24, "7")  # temperature, top-k, top-p, length, seed


@pytest.fixture(scope="module")
def client(family: list[str]) -> Iterator[Client]:
    demo = studio.start(family)
    yield Client(demo.local_url, verbose=False)
    demo.close(verbose=False)


# ---- words and colours


@pytest.mark.parametrize("key", sorted(STRINGS))
def test_every_string_is_there_in_both_languages_with_the_same_blanks(key: str) -> None:
    english, chinese = STRINGS[key]
    blanks = [{name for _, name, _, _ in string.Formatter().parse(line) if name} for line in (english, chinese)]
    assert english.strip() and chinese.strip()
    assert blanks[0] == blanks[1]
    assert not any("\u4e00" <= c <= "\u9fff" for c in english)
    if key not in ("settings.top_k", "settings.top_p"):
        assert any("\u4e00" <= c <= "\u9fff" for c in chinese)


def test_no_string_lies_unused() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(studio.__file__).parent.glob("*.py"))
    # put together from a name
    built = ("line.", "settings.", "arena.", "field.", "value.", "verdict.", "save.", "score.", "order.")
    # A key counts as used where it is not followed by its own translation.
    used = set(re.findall(r"""["']([a-z_]+\.[a-z_]+)["'](?!:)""", source))
    unused = [key for key in STRINGS if key not in used and not key.startswith(built)]
    assert not unused


def test_no_key_stands_in_two_parts_of_the_catalogue() -> None:
    assert sum(len(part.STRINGS) for part in PARTS) == len(STRINGS)


@pytest.mark.parametrize("examples", [CHAT_EXAMPLES, COMPARE_EXAMPLES])
def test_examples_are_as_many_in_both_languages(examples: dict[str, tuple[str, ...]]) -> None:
    assert len(examples["en"]) == len(examples["zh"]) >= 4


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_every_colour_of_text_can_be_read(mode: int) -> None:
    colours = {**theme.GENERATION_COLOURS, "other": theme.OTHER_COLOUR, "ink": theme.INK, "quiet": theme.QUIET}
    for (name, pair), ground in itertools.product(colours.items(), (theme.PAGE, theme.CARD)):
        dark, light = sorted((luminance(pair[mode]), luminance(ground[mode])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, name


def test_names_cannot_break_out_of_the_stylesheet() -> None:
    assert set('"{}<>\\;') & set(theme.css_string('a"]{}<x>;\\ 猫')) == {"\\"}
    assert theme.class_of("gpt-3.5") == "gen-gpt-3-5"
    assert theme.class_of('my "run"') == "gen"


# ---- the page


def test_the_page_builds_and_offers_the_newest_chat_model(family: list[str]) -> None:
    demo = studio.build_studio(family)
    pickers = [block for block in demo.blocks.values() if isinstance(block, gr.Radio)]
    assert [key for _, key in pickers[1].choices] == list(FAMILY)
    assert pickers[1].value == "chatgpt"


@pytest.mark.parametrize(("lang", "title"), [("en", "Chat"), ("zh", "聊天")])
def test_the_language_can_be_fixed(family: list[str], lang: str, title: str) -> None:
    tabs = [block for block in studio.build_studio(family, lang).blocks.values() if isinstance(block, gr.Tab)]
    assert tabs[0].label == title


def test_the_page_builds_without_any_model() -> None:
    assert isinstance(studio.build_studio([]), gr.Blocks)


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(gl.UserError, match="nowhere"):
        studio.build_studio([str(tmp_path / "nowhere")])


def test_two_folders_of_one_name_are_told_apart(family: list[str]) -> None:
    pool = models.ModelPool([family[0], family[0], family[0]])
    assert list(pool.cards) == ["gpt-1", "gpt-1 (2)", "gpt-1 (3)"]
    assert pool.cards["gpt-1 (3)"].title == "GPT-1 (3)"


def test_a_model_is_loaded_once_whoever_asks(family: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    load = gl.load
    monkeypatch.setattr(gl, "load", lambda source: loads.append(source) or load(source))
    pool = models.ModelPool(family)
    assert loads == []
    threads = [threading.Thread(target=pool.get, args=("gpt-2",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1


def test_a_port_in_use_is_reported_with_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(gl.UserError) as caught:
            studio.check_address("127.0.0.1", port)
    assert str(port) in caught.value.en and str(port) in caught.value.zh
    free = int(caught.value.en.rsplit(" ", 1)[-1])
    assert free != port
    studio.check_address("127.0.0.1", free)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("203.0.113.7", 7860), ("no such host", 7860)])
def test_an_address_that_cannot_be_used_is_reported(host: str, port: int) -> None:
    with pytest.raises(gl.UserError, match="cannot listen"):
        studio.check_address(host, port)


def test_serving_says_where_and_ends_quietly(
    family: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ctrl_c() -> None:
        raise KeyboardInterrupt

    start = studio.start
    monkeypatch.setattr(studio, "start", lambda **settings: start(family[:1], **settings))
    monkeypatch.setattr(studio, "wait_for_ever", ctrl_c)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    studio.serve(port=port, lang="zh")
    told = capsys.readouterr()
    assert f"http://127.0.0.1:{port}" in told.out and "Ctrl-C" in told.out and told.err == ""
    studio.check_address("127.0.0.1", port)  # and the port is free again


def test_a_proxy_does_not_stop_the_start(family: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:9" if "all" in name.lower() else "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.org")
    demo = studio.start(family[:1])
    demo.close(verbose=False)
    assert os.environ["NO_PROXY"] == "example.org"
    assert "no_proxy" not in os.environ


# ---- through Gradio's client


def said(conversation: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["role"], "".join(part["text"] for part in message["content"])) for message in conversation]


def chat(
    client: Client, message: str, history: list[Any], model: str = "chatgpt", lang: str = "en", order: str = ""
) -> list[Any]:
    job = client.submit(message, history, model, order, lang, *DIALS, api_name="/chat")
    job.result(timeout=30)
    return job.outputs()


def test_the_chat_streams_a_reply(client: Client) -> None:
    pictures = chat(client, "Hello", [])
    assert len(pictures) >= 2
    assert said(pictures[0][0]) == [("user", "Hello")]
    roles, texts = zip(*said(pictures[-1][0]), strict=True)
    assert roles == ("user", "assistant") and texts[1].strip()


def test_the_chat_goes_on_and_a_base_model_joins_in(client: Client) -> None:
    history = chat(client, "Hello", [])[-1][0]
    longer = said(chat(client, "And now?", history, model="gpt-2")[-1][0])
    assert [role for role, _ in longer] == ["user", "assistant"] * 2
    assert longer[:2] == said(history)


def test_the_same_seed_gives_the_same_reply(client: Client) -> None:
    assert said(chat(client, "Hello", [])[-1][0]) == said(chat(client, "Hello", [])[-1][0])


def test_a_system_message_is_heard(client: Client) -> None:
    plain, ordered = (said(chat(client, "Hello", [], order=order)[-1][0]) for order in ("", "Answer in Chinese."))
    assert plain[1] != ordered[1] and len(ordered) == 2  # heard, but no message of the conversation


def test_a_system_message_that_is_too_long_is_refused(client: Client) -> None:
    notice = chat(client, "Hello", [], order="x" * (models.MOST_CHARACTERS + 1))[-1][1]
    assert str(models.MOST_CHARACTERS) in notice


@pytest.mark.parametrize(("lang", "words"), [("en", "Type something"), ("zh", "请先输入")])
def test_an_empty_message_is_answered_with_a_notice(client: Client, lang: str, words: str) -> None:
    conversation, notice = chat(client, "  ", [], lang=lang)[-1][:2]
    assert conversation == [] and words in notice


def test_a_message_that_is_too_long_is_refused(client: Client) -> None:
    conversation, notice = chat(client, "x" * (models.MOST_CHARACTERS + 1), [])[-1][:2]
    assert conversation == [] and str(models.MOST_CHARACTERS) in notice


def test_what_does_not_fit_the_context_never_enters_the_conversation(family: list[str]) -> None:
    pool, talk = models.ModelPool(family), [dict(role="user", content="Hi"), dict(role="assistant", content="Yo")]
    long = "word " * 700
    for standing, before in ((talk, talk), (talk, talk[:1])):  # a new message; one put in the place of another
        pictures = list(studio.chat.turn(pool, standing, before, long, "chatgpt", "", "en", DIALS))
        assert [picture[0] for picture in pictures] == [standing] and "shorten" in pictures[0][1]


@pytest.mark.parametrize(("lang", "word"), [("en", "has not sat the exam"), ("zh", "还没有参加考试")])
def test_only_released_weights_carry_the_exams_word(family: list[str], lang: str, word: str) -> None:
    assert word in studio.chat.model_line(models.ModelPool(family), "chatgpt", lang)  # of that name, but another's
    assert word not in studio.chat.model_line(models.ModelPool(), "chatgpt", lang)


@pytest.mark.parametrize("seed", ["seven", "-1", "1.5", "99999999999"])
def test_a_seed_that_is_no_number_is_explained(family: list[str], seed: str) -> None:
    pool = models.ModelPool(family)
    dials = (*DIALS[:-1], seed)
    assert "seed must be" in list(studio.chat.turn(pool, [], [], "Hello", "chatgpt", "", "en", dials))[-1][1]
    assert "随机种子" in list(studio.race.race(pool, "Hello", ["gpt-1"], True, "zh", dials))[-1][2]


def test_an_empty_seed_means_a_new_text_each_time() -> None:
    assert studio.settings.as_settings(*DIALS[:-1], " ")["seed"] is None
    assert studio.settings.as_settings(*DIALS)["seed"] == 7


def test_a_stranger_cannot_open_other_folders(client: Client, family: list[str]) -> None:
    with pytest.raises(Exception, match="not in the list of choices"):
        chat(client, "Hello", [], model=family[0])


def columns(client: Client, prompt: str, *, selected: list[str] | None = None, as_chat: bool = True) -> list[list[str]]:
    job = client.submit(prompt, selected or list(FAMILY), as_chat, "en", *DIALS, api_name="/compare")
    job.result(timeout=30)
    ending = models.SPARE + 1  # free columns, and the prompt word by word
    return [list(picture[-len(FAMILY) - ending : -ending]) for picture in job.outputs()]


def test_compare_streams_every_column(client: Client) -> None:
    pictures = columns(client, "The cat")
    assert len(pictures) >= 2
    assert all("written" in column and "trouble" not in column for column in pictures[-1])
    assert [">continues<" in column for column in pictures[-1]] == [True, True, True, False, False]
    assert all("caret" not in column for column in pictures[-1])


def test_compare_can_let_every_model_continue_the_page(client: Client) -> None:
    assert all(">continues<" in column for column in columns(client, "The cat", as_chat=False)[-1])


def test_compare_leaves_out_what_was_not_chosen(client: Client) -> None:
    last = columns(client, "The cat", selected=["gpt-2"])[-1]
    assert [bool(column) for column in last] == [False, True, False, False, False]


def test_a_prompt_too_long_for_one_model_shows_in_its_column_only(client: Client) -> None:
    last = dict(zip(FAMILY, columns(client, LONG_PROMPT)[-1], strict=True))
    assert [name for name, column in last.items() if "trouble" in column] == [SHORT_SIGHTED]
    assert "shorten" in last[SHORT_SIGHTED]


def test_what_people_write_is_never_markup(client: Client) -> None:
    for column in columns(client, "<img src=x onerror=alert(1)> ${alert(2)}")[-1]:
        assert "<img" not in column


def test_a_quick_writer_is_not_held_up_and_a_failure_ends_only_its_own_column(
    family: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(_: gl.LanguageModel) -> Iterator[str]:
        for _number in range(10):
            time.sleep(0.01)
            yield "slow "

    def broken(_: gl.LanguageModel) -> Iterator[str]:
        yield "half"
        raise RuntimeError("broken on purpose")

    writers = {"gpt-1": slow, "gpt-2": lambda _: iter(["quick"] * 10), "gpt-3": broken}
    monkeypatch.setattr(gl.LanguageModel, "stream", lambda lm, prompt, **_: writers[lm.provenance["generation"]](lm))
    monkeypatch.setattr(studio.race, "FRAME", 0.0)
    pool = models.ModelPool(family)
    pictures = [picture[3:7] for picture in studio.race.race(pool, "The cat", list(writers), True, "en", DIALS)]
    done = [[column != "" and "caret" not in column for column in picture] for picture in pictures]
    assert done.index([False, True, True, False]) < len(done) - 5
    assert "slow " * 10 in pictures[-1][0] and "quick" * 10 in pictures[-1][1] and "trouble" in pictures[-1][2]


# ---- the arena


def last(updates: Iterator[tuple[Any, ...]]) -> tuple[Any, ...]:
    return list(updates)[-1]


def test_a_bout_hides_the_names_until_the_vote(family: list[str], tmp_path: Path) -> None:
    pool, votes = models.ModelPool(family), tmp_path / "runs" / "votes.jsonl"
    pictures = list(arena.duel(pool, "The <cat>", ["gpt-2", "chatgpt"], "en"))
    assert len(pictures) >= 2
    _, _, notice, left, right, bout, *buttons = pictures[-1]
    assert "Which one is better" in notice and "written" in left and "written" in right
    assert not any(card.title in left + right for card in pool.cards.values())
    assert sorted(bout["models"]) == ["chatgpt", "gpt-2"]
    assert all(button["interactive"] for button in buttons)
    assert not any(button["interactive"] for button in pictures[0][6:])
    notice, left, right, after, *buttons, table = arena.count_vote(pool, votes, 1, bout, "zh")
    assert after is None and not any(button["interactive"] for button in buttons)
    for key, box in zip(bout["models"], (left, right), strict=True):
        assert pool.cards[key].title in box
    assert table.count("<tr") == 3 and "1 张票" in table
    (ballot,) = arena.read_ballots(votes)
    assert ballot.vote == 1 and list(ballot.models) == bout["models"]
    assert arena.count_vote(pool, votes, 0, None, "en")[3] is None  # no second vote on one bout
    assert len(arena.read_ballots(votes)) == 1


def test_one_model_alone_fights_itself(family: list[str]) -> None:
    assert last(arena.duel(models.ModelPool(family), "Hello", ["chatgpt"], "en"))[5]["models"] == ["chatgpt"] * 2


def test_a_model_that_says_nothing_loses(family: list[str], tmp_path: Path) -> None:
    state = {"messages": [{"role": "user", "content": "Hi"}], "models": ["gpt-1", "gpt-2"], "replies": ["", "Yes"]}
    arena.count_vote(models.ModelPool(family), tmp_path / "votes.jsonl", 1, state, "en")
    (ballot,) = arena.read_ballots(tmp_path / "votes.jsonl")
    assert ballot.vote == 1 and comparisons_from([ballot]) == []


def test_two_equal_replies_are_a_tie_whatever_is_pressed(family: list[str], tmp_path: Path) -> None:
    state = {"messages": [{"role": "user", "content": "Hi"}], "models": ["gpt-1", "gpt-2"], "replies": ["Yes", "Yes"]}
    arena.count_vote(models.ModelPool(family), tmp_path / "votes.jsonl", 0, state, "en")
    assert arena.read_ballots(tmp_path / "votes.jsonl")[0].vote == "tie"


@pytest.mark.parametrize(
    ("prompt", "selected", "words"), [("", ["gpt-1"], "Type something"), ("Hi", [], "at least one")]
)
def test_a_bout_that_cannot_begin_says_why(family: list[str], prompt: str, selected: list[str], words: str) -> None:
    assert words in last(arena.duel(models.ModelPool(family), prompt, selected, "en"))[2]


def test_a_damaged_file_of_votes_is_reported_in_the_table(family: list[str], tmp_path: Path) -> None:
    pool, votes = models.ModelPool(family), tmp_path / "votes.jsonl"
    assert "No votes yet" in arena.standings(votes, pool, "en")
    votes.write_text("<b>broken</b>", encoding="utf-8")
    told = arena.standings(votes, pool, "en")
    assert "line 1" in told and "<b>" not in told


# ---- learning from votes


def cast_votes(path: Path, number: int) -> None:
    messages = ({"role": "user", "content": "Hi"},)
    for _ in range(number):
        arena.add_ballot(path, arena.Ballot(messages, ("chatgpt", "chatgpt"), ("Yes.", "Oh no."), 0))


def wait_for(learning: Any) -> tuple[str, str]:
    for _ in range(1200):
        if not learning.running:
            return learning.learnt, learning.trouble
        time.sleep(0.1)
    raise AssertionError("it never ended")


def test_a_run_that_fails_says_why_and_one_that_ends_is_offered(
    family: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without training: the command is a stand-in that ends as the real one does."""
    pool, votes = models.ModelPool(family), tmp_path / "votes.jsonl"
    learning = studio.learning.Learning(pool, votes, tmp_path)
    assert wait_for(learning) == ("", "") and learning.share_done() == 0.0
    stand_in = "import os, sys; sys.stderr.write('x' * 200_000); sys.exit('\\n' + os.environ['GPTLINEAGE_LANG'])"
    monkeypatch.setattr(studio.background, "COMMAND", (sys.executable, "-c", stand_in))
    learning.begin("chatgpt", "zh")
    assert wait_for(learning) == ("", "zh")
    stand_in = f"import shutil, sys; shutil.copytree({family[-1]!r}, sys.argv[5])"
    monkeypatch.setattr(studio.background, "COMMAND", (sys.executable, "-c", stand_in))
    learning.begin("chatgpt", "en")
    key, trouble = wait_for(learning)
    assert (key, trouble) == ("mine-1", "") and pool.cards[key].speaks_chat and pool.get(key).speaks_chat
    assert [card.key for card in pool.lanes if card] == [*FAMILY, "mine-1"] and pool.lanes[-1] is None
    for number in (2, 3):
        learning.begin("chatgpt", "en")
        assert wait_for(learning)[0] == f"mine-{number}"
    assert len(pool.choices) == len(pool.lane_choices) + 1  # Compare has no column for the third
    finished = {Path(folder).name for folder in studio.training.finished_runs(tmp_path)}
    assert finished == {"mine-1", "mine-2", "mine-3"}


def test_what_was_learnt_is_offered_by_the_next_studio(family: list[str], tmp_path: Path) -> None:
    for age, name in enumerate(("my-gpt-2", "mine-10", "mine-9", "mine-1")):
        config = shutil.copytree(family[-1], tmp_path / "studio" / name) / "config.json"
        os.utime(config, (10**9 - age, 10**9 - age))
    (tmp_path / "studio" / "my-gpt-3").mkdir()  # not finished
    demo = studio.start(None, votes=tmp_path / "votes.jsonl")
    try:
        named = {getattr(block, "elem_id", None): block for block in demo.blocks.values()}
        offered = {name: {key for _, key in named[name].choices} for name in ("chat-models", "compare-models")}
    finally:
        demo.close(verbose=False)
    assert all({"mine-1", "my-gpt-2", "mine-9", "mine-10"} <= keys for keys in offered.values())
    pool = models.ModelPool(studio.training.finished_runs(tmp_path / "studio"))
    assert studio.learning.Learning(pool, tmp_path / "votes.jsonl", tmp_path / "studio").learnt == "mine-10"
    assert studio.learning.Learning(pool, tmp_path / "votes.jsonl", tmp_path).learnt == ""  # somebody else's


def test_progress_is_read_from_the_logs(family: list[str], tmp_path: Path) -> None:
    votes = tmp_path / "votes.jsonl"
    learning = studio.learning.Learning(models.ModelPool(family), votes, tmp_path, folder=tmp_path / "mine-1")
    for stage in studio.learning.STAGES:
        (tmp_path / "mine-1" / stage.objective).mkdir(parents=True)
    log = tmp_path / "mine-1" / "reward" / "log.jsonl"
    log.write_text('{"step": 30}\n{"step": 42}\n{"ste', encoding="utf-8")
    total = sum(stage.quick.steps for stage in studio.learning.STAGES)
    assert learning.share_done() == pytest.approx(42 / total)


def test_a_step_of_a_reply_is_not_told_to_the_whole_page() -> None:
    """Gradio's page searches its tree, at each step of any event, for all that an event ever showed progress on."""
    told = set()
    for event in studio.build_studio([]).config["dependencies"]:
        on = event["show_progress_on"]
        if event["backend_fn"]:
            told.update(event["outputs"] if on is None else on)
    assert len(told) <= 4


def test_gradio_writes_no_stubs_when_the_studio_opens() -> None:
    """The studio must still find the way that Gradio has for not doing so: it would need this function."""
    code = "import ast; ast.get_source_segment = None; import apps.studio; print('open')"
    home = Path(gl.__file__).parents[1]
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=home)
    assert told.stdout.strip() == "open", told.stderr
