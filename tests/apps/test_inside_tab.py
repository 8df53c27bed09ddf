"""The Inside tab without a browser: how tokens are drawn, what a click changes, and what the page is sent."""

from __future__ import annotations

import base64
import io
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import torch
from gradio_client import Client
from PIL import Image

import gptlineage as gl
from gptlineage.inference.inspect import AttentionView, Token, TokenReport, as_token, attention_view, token_reports
from gptlineage.paths import import_app
from gptlineage.text import Tokenizer

from .conftest import LONG_PROMPT
from .test_studio import luminance

studio = import_app("studio")
inside, tokens, attention, theme = studio.inside, studio.tokens, studio.attention, studio.theme
DIALS = (0.0, 50, 1.0, 8, "0")
SETTINGS: dict[str, Any] = dict(temperature=0.0, top_k=50, top_p=1.0, max_new_tokens=8, seed=0)
EVIL = "<img src=x onerror=alert(1)> ${alert(2)} {{alert(3)}}"


@pytest.fixture(scope="module")
def pool(family: list[str]) -> Any:
    return studio.models.ModelPool(family)


@pytest.fixture(scope="module")
def client(family: list[str]) -> Iterator[Client]:
    demo = studio.start(family)
    yield Client(demo.local_url, verbose=False)
    demo.close(verbose=False)


def read(pool: Any, words: str = "The cat is on the mat. 佢", keys: Any = ("gpt-2",), chat: bool = True) -> Any:
    return inside.read(pool, words, keys, chat, SETTINGS)


def words_of(markup: str) -> str:
    return re.sub(r"<[^>]*>", "", markup)


# ---- tokens


def test_tokens_are_drawn_as_what_they_are() -> None:
    tokenizer = Tokenizer([b" <b>", "国".encode() + b"\xe4\xbd", b".\n"])
    spaced, cut, ended = (as_token(tokenizer, token) for token in (256, 257, 258))
    assert tokens.drawn(spaced) == '<span class="written"><span class="mark">␣</span>&lt;b&gt;</span>'
    assert tokens.drawn(spaced, flowing=True) == '<span class="written"> &lt;b&gt;</span>'
    assert '国<span class="bytes">⟨E4 BD⟩</span>' in tokens.drawn(cut)
    assert '<span class="mark">↵</span>' in tokens.drawn(ended, flowing=True)
    special = tokens.drawn(as_token(tokenizer, tokenizer.end_of_text))
    assert special == '<span class="special">endoftext</span>'


@pytest.mark.parametrize(
    ("share", "shown"),
    [(1.0, "100"), (0.996, "100"), (0.61, "61"), (0.0996, "10"), (0.061, "6.1"), (0.0006, "0.06"), (1e-7, "<0.01")],
)
def test_a_probability_reads_as_people_say_it(share: float, shown: str) -> None:
    assert tokens.percent(share, "en") == f"{shown}\u00a0%" and tokens.percent(share, "zh") == f"{shown}%"


def test_less_likely_tokens_have_later_colours() -> None:
    shares = (0.9, 0.5, 0.3, 0.1, 0.02, 0.005, 0.0001)
    assert [tokens.colour(share) for share in shares] == ["s0", "s0", "s1", "s2", "s3", "s4", "s5"]
    assert tokens.colour(None) == ""
    assert len(theme.SURPRISE) == len(theme.STEPS) + 1


def contrast(a: float, b: float) -> float:
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_the_colours_grow_stronger_and_ink_on_them_can_be_read(mode: int) -> None:
    scale = [luminance(pair[mode]) for pair in theme.SURPRISE]
    assert scale == sorted(scale, reverse=not mode)  # by lightness alone, for eyes that see no hue
    assert all(contrast(a, b) >= 1.1 for a, b in itertools.pairwise(scale))
    assert all(contrast(luminance(theme.INK[mode]), ground) >= 4.5 for ground in scale)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_shaded_words_can_be_read_in_every_generations_colour(mode: int) -> None:
    css = Path(inside.__file__).with_name("inside.css").read_text(encoding="utf-8")
    tint = int(re.findall(r"--tint: (\d+)%", css)[mode]) / 100
    for name, pair in theme.GENERATION_COLOURS.items():
        strong, ground = (
            [int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (pair[mode], theme.CARD[mode])
        )
        mixed = "#" + "".join(
            f"{round(tint * a + (1 - tint) * b):02x}" for a, b in zip(strong, ground, strict=True)
        )
        assert contrast(luminance(theme.INK[mode]), luminance(mixed)) >= 4.5, name


def test_a_line_has_one_stop_for_the_keyboard_and_says_its_numbers(pool: Any) -> None:
    lm = pool.get("gpt-2")
    reports = token_reports(lm, [lm.tokenizer.end_of_text, *lm.tokenizer.encode("The cat")])
    drawn = tokens.line(reports, 0, 0, 2, 8.0, "name", "en")
    buttons = re.findall(r"<button.*?>", drawn)
    assert len(buttons) == len(reports) - 1
    assert [n for n, one in enumerate(buttons) if 'tabindex="0"' in one] == [1]
    assert [n for n, one in enumerate(buttons) if 'aria-pressed="true"' in one] == [1]
    assert 'aria-label="The: ' in buttons[0] and "entropy" in buttons[0] and "choice number" in buttons[0]
    assert "What comes next" in buttons[-1]
    assert "endoftext" in drawn[: drawn.index("<button")]  # nothing came before it: nothing to choose
    assert "熵" in tokens.line(reports, 0, 0, 2, 8.0, "name", "zh")


def test_the_parts_of_a_character_stand_together_under_it(pool: Any) -> None:
    lm = pool.get("gpt-2")
    reports = token_reports(lm, [lm.tokenizer.end_of_text, *lm.tokenizer.encode("a佢哋b")])
    drawn = tokens.line(reports, 0, 0, None, 8.0, "name", "en")
    assert re.findall(r'data-character="(.)"', drawn) == ["佢", "哋"]
    assert drawn.count('<span class="whole"') == 2 and drawn.count("<span") == drawn.count("</span>")
    assert "a part of 佢" in drawn and "⟨" in words_of(drawn) and "\ufffd" not in drawn


def test_a_branch_shows_the_end_of_what_it_shares(pool: Any) -> None:
    lm = pool.get("gpt-2")
    reports = token_reports(lm, [lm.tokenizer.end_of_text, *lm.tokenizer.encode("x" * 20 + " cat")])
    drawn = tokens.line(reports, 1, 20, 20, 8.0, "name", "en")
    shared = drawn[: drawn.index("<button")]
    assert words_of(shared) == "… " + "x" * tokens.SHOWN_BEFORE
    assert 'data-place="20"' in drawn and 'data-place="19"' not in drawn and "forked" in drawn


def test_what_is_shared_reads_as_text(pool: Any) -> None:
    tokenizer = pool.get("gpt-2").tokenizer
    ids = [*tokenizer.encode("a佢 {left} "), tokenizer.end_of_text, tokenizer.encode("哋")[0]]
    drawn = tokens.running([as_token(tokenizer, token) for token in ids])
    assert words_of(drawn).startswith("a佢 {left} endoftext⟨") and drawn.count("bytes") == 1


def test_what_stands_there_is_listed_even_when_it_was_unlikely(pool: Any) -> None:
    lm = pool.get("gpt-2")
    reports = token_reports(lm, [lm.tokenizer.end_of_text, *lm.tokenizer.encode("Q")], top=3)
    drawn = tokens.alternatives(reports[1], True, "en")
    assert drawn.count("<button") == 4 and drawn.count("aria-current") == 1 and "disabled" not in drawn
    assert tokens.alternatives(reports[2], False, "en").count("disabled") == 3


def test_openness_is_said_in_bits_and_in_choices() -> None:
    drawn = tokens.alternatives(TokenReport(None, entropy=3.0), True, "en")
    assert "3.0 bits" in drawn and "among 8.0 " in drawn


# ---- attention


def weights_in(picture: str) -> torch.Tensor:
    image = Image.open(io.BytesIO(base64.b64decode(picture.split(",")[1])))
    width, height = image.size
    alpha = torch.tensor(list(image.getchannel("A").tobytes()), dtype=torch.float).view(height, width)
    return (alpha / 255) ** 2


def test_a_picture_keeps_the_weights() -> None:
    weights = torch.rand(5, 9)
    assert torch.allclose(weights_in(attention.picture(weights)), weights, atol=0.005)


def test_a_thumbnail_keeps_the_strongest_of_each_square() -> None:
    weights = torch.zeros(200, 200)
    weights[101, 3] = 1.0
    small = weights_in(attention.thumbnail(weights))
    assert small.shape == (attention.THUMBNAIL, attention.THUMBNAIL) and small.max() == 1 and (small > 0).sum() == 1
    assert weights_in(attention.thumbnail(torch.ones(3, 4))).shape == (3, 4)


def test_any_attention_view_can_be_drawn() -> None:
    """A translator's rows and columns are different texts."""
    rows = (Token(1, ("猫",)), Token(2, ("<b>",)))
    columns = (Token(3, ("the",)), Token(4, (" cat",)), Token(5, special="end"))
    view = AttentionView(rows, columns, (torch.tensor([[[0.7, 0.2, 0.1], [0.0, 1.0, 0.0]]]),), (None,))
    drawn = attention.one_head(view, 0, 0, 0, "en")
    assert "the\u00a070\u00a0%" in words_of(drawn) and "&lt;b&gt;" in drawn and "<b>" not in drawn
    assert "--rows:2;--columns:3;--row:0" in drawn
    assert attention.head_grid(view, 0, 0, "zh").count("<button") == 1


def test_a_page_is_sent_little(pool: Any) -> None:
    """A long text: the pictures of all heads together, and one in full, are far below a megabyte."""
    lm = pool.get("gpt-2")
    view = attention_view(lm, [lm.tokenizer.end_of_text] * 250)
    assert len(attention.head_grid(view, 0, 0, "en")) + len(attention.one_head(view, 0, 0, 100, "en")) < 200_000


# ---- what a click changes


def test_two_models_read_the_same_text(pool: Any) -> None:
    one, two = read(pool, keys=("gpt-2", "gpt-3"))
    assert (one.key, two.key) == ("gpt-2", "gpt-3")
    assert one.place == len(one.chosen.ids) == len(one.chosen.reports) - 1  # what comes next


def test_a_chat_model_answers_unless_told_otherwise(pool: Any) -> None:
    special = pool.get("chatgpt").tokenizer.special
    (side,) = read(pool, "Hello", ("chatgpt",))
    ids = side.chosen.ids
    assert ids[0] == special["<|user|>"] and special["<|assistant|>"] in ids[:-1] and ids[-1] not in special.values()
    drawn = inside.all_texts(pool.get("chatgpt"), side, "en")
    assert '<span class="special">assistant</span>' in drawn and "&lt;|" not in words_of(drawn)
    (side,) = read(pool, "Hello", ("chatgpt",), chat=False)
    assert side.chosen.ids[0] == special["<|endoftext|>"] and len(side.chosen.ids) < 7


def test_the_other_model_goes_to_the_same_spot(pool: Any) -> None:
    sides = read(pool, "The cat is on the mat", ("gpt-2", "chatgpt"))
    moved = inside.at_place(pool, sides, 0, 0, 4)
    here, there = (side.chosen.ids[side.place] for side in moved)
    assert here == there and moved[1].place == 4
    back = inside.at_place(pool, moved, 1, 0, len(moved[1].chosen.ids))  # in the reply, where the page has ended
    assert back[0].place == len(back[0].chosen.ids)


@pytest.mark.parametrize("path", [-5, 0, 99])
@pytest.mark.parametrize("place", [-5, 0, 1, 9_999])
def test_a_click_on_nothing_stays_in_bounds(pool: Any, path: int, place: int) -> None:
    sides = read(pool)
    (moved,) = inside.at_place(pool, sides, 0, path, place)
    assert moved.path == 0 and 1 <= moved.place <= len(moved.chosen.ids)
    assert inside.at_place(pool, sides, 1, path, place) == sides
    (turned,) = inside.at_head(pool, sides, 0, path, place)
    assert turned.layer == 0 and 0 <= turned.head < 2


def test_a_branch_leaves_the_text_and_goes_on(pool: Any) -> None:
    sides = inside.at_place(pool, read(pool), 0, 0, 3)
    before = sides[0].chosen.ids
    token = sides[0].chosen.reports[3].alternatives[1].token.id
    (side,) = inside.with_branch(pool, sides, 0, token, SETTINGS)
    grown = side.chosen.ids
    assert (side.path, side.place, len(side.paths)) == (1, 3, 2) and side.paths[0].ids == before
    assert grown[:4] == (*before[:3], token) and len(grown) == 4 + SETTINGS["max_new_tokens"]
    drawn = inside.all_texts(pool.get("gpt-2"), side, "en")
    assert drawn.count('class="path"') == 2 and drawn.count('aria-pressed="true"') == 1
    assert "instead of" in words_of(drawn)


def test_a_branch_can_branch_and_only_the_newest_are_kept(pool: Any) -> None:
    sides = inside.at_place(pool, read(pool), 0, 0, 3)
    original = sides[0].paths[0]
    for number in range(5):
        token = sides[0].chosen.reports[3 + number].alternatives[0].token.id
        sides = inside.with_branch(pool, sides, 0, token, SETTINGS)
        sides = inside.at_place(pool, sides, 0, sides[0].path, 4 + number)
    (side,) = sides
    assert side.paths[0] == original and [path.fork for path in side.paths[1:]] == [5, 6, 7]
    assert side.path == inside.MOST_BRANCHES


def test_a_branch_with_no_such_token_is_refused(pool: Any) -> None:
    with pytest.raises(gl.UserError, match="no token"):
        inside.with_branch(pool, read(pool), 0, 10**6, SETTINGS)


def test_a_text_of_too_many_tokens_is_refused(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "MOST_TOKENS", 20)
    with pytest.raises(gl.UserError, match="21 tokens; this tab shows at most 20") as caught:
        read(pool, "x" * 20)
    assert "21 个词元" in caught.value.zh


def test_a_full_window_cannot_branch_at_its_end(pool: Any) -> None:
    (side,) = inside.read(pool, "x" * 31, ["gpt-1"], True, SETTINGS)
    lm = pool.get("gpt-1")
    assert len(side.chosen.ids) == lm.config.n_ctx == side.place
    assert "disabled" in inside.chosen_place(lm, side, "en") and "window is full" in inside.chosen_place(lm, side, "en")


# ---- what the page is sent


def test_a_click_redraws_only_what_it_changes(pool: Any) -> None:
    def drawn(updates: list[Any]) -> list[bool]:
        return [isinstance(update, str) for update in updates]

    sides = read(pool, keys=("gpt-2", "gpt-3"))
    assert drawn(inside.pictures(pool, sides, "en")) == [True] * 10
    moved = inside.at_place(pool, sides, 0, 0, 3)
    # Where the click was, the page has marked the token itself; the other side has to be told.
    name, texts, place, heads, head = range(5)
    told = drawn(inside.pictures(pool, moved, "en", sides, 0))
    assert [told[name], told[texts], told[place], told[heads], told[head]] == [False, False, True, False, True]
    assert told[5:] == [False, True, True, False, True]
    turned = inside.at_head(pool, moved, 1, 0, 1)
    assert drawn(inside.pictures(pool, turned, "en", moved, 1)) == [False] * 9 + [True]
    assert drawn(inside.pictures(pool, moved[:1], "zh")) == [True] * 5 + [False] * 5


def test_the_lens_ends_with_the_models_own_choice(pool: Any) -> None:
    (side,) = inside.at_place(pool, read(pool, chat=False), 0, 0, 4)
    best = side.chosen.reports[4].alternatives[0]
    lens = inside.chosen_place(pool.get("gpt-2"), side, "en").split('class="lens"')[1]
    assert tokens.drawn(best.token) in lens.split("<td")[1]  # one layer: the first cell
    assert tokens.percent(best.probability, "en") in lens


def test_the_tab_begins_with_a_model_that_continues_text(pool: Any) -> None:
    assert inside.favourite(pool) == "gpt-3"
    translator = gl.ModelConfig(n_layers=1, d_model=8, n_heads=1, n_ctx=8, vocab_size=9, encoder_layers=1)
    both_ways = gl.ModelConfig(n_layers=1, d_model=8, n_heads=1, n_ctx=8, vocab_size=9, causal=False)
    offered = studio.models.ModelPool([])
    for name, config in (("this", pool.cards["gpt-2"].config), ("transformer", translator), ("bert", both_ways)):
        offered.cards[name] = replace(pool.cards["gpt-2"], key=name, config=config)
    assert inside.favourite(offered) == "this"
    assert [inside.does(offered, key) for key in offered.cards] == ["continues", "translates", "fills"]


def look(client: Client, words: str, key: str = "gpt-2", rival: str = "", lang: str = "en") -> tuple[str, list[str]]:
    notice, *rest = client.predict(words, key, rival, True, lang, *DIALS, api_name="/inside")
    return notice, [part for part in rest if isinstance(part, str)]


def test_a_text_is_read_through_the_client(client: Client) -> None:
    notice, parts = look(client, "The cat", rival="chatgpt")
    assert notice == "" and len([part for part in parts if part]) == 10
    assert "GPT-2" in parts[0] and "ChatGPT" in parts[5]
    assert "第 1 层" in look(client, "猫", lang="zh")[1][2]


def test_what_people_write_is_never_markup(client: Client) -> None:
    _, parts = look(client, EVIL)
    assert not any("<img" in part for part in parts)
    assert "&lt;" in parts[1]


@pytest.mark.parametrize(
    ("words", "key", "lang", "told"),
    [
        (" ", "gpt-2", "en", "Type something"),
        ("", "gpt-2", "zh", "请先输入"),
        (LONG_PROMPT, "gpt-1", "en", "GPT-1 reads at most 31; shorten it"),
        (LONG_PROMPT, "gpt-1", "zh", "最多读取 31 个；请缩短"),
        ("x" * (studio.models.MOST_CHARACTERS + 1), "gpt-2", "en", str(studio.models.MOST_CHARACTERS)),
    ],
)
def test_a_text_that_cannot_be_read_is_explained(client: Client, words: str, key: str, lang: str, told: str) -> None:
    assert told in look(client, words, key, lang=lang)[0]


def test_the_tab_stands_in_both_languages(family: list[str]) -> None:
    for lang, title, nobody in (("en", "Inside", "nobody"), ("zh", "透视", "不对照")):
        blocks = studio.build_studio(family, lang).blocks.values()
        assert title in [block.label for block in blocks if isinstance(block, gr.Tab)]
        (rival,) = [block for block in blocks if block.elem_id == "inside-rival"]
        assert rival.choices[0] == (nobody, "") and rival.value == ""


def test_examples_are_as_many_in_both_languages() -> None:
    for examples in inside.EXAMPLES.values():
        assert len(examples["en"]) == len(examples["zh"]) >= 3


def test_entropy_bars_are_shares_of_the_most_there_can_be(pool: Any) -> None:
    (side,) = read(pool)
    lm = pool.get("gpt-2")
    shares = [float(share) for share in re.findall(r"--e:([\d.]+)", inside.all_texts(lm, side, "en"))]
    wanted = [report.entropy / math.log2(lm.config.vocab_size) for report in side.chosen.reports[1:]]
    assert shares[: len(wanted)] == pytest.approx(wanted, abs=1e-3)
