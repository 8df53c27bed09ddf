"""The Inside tab for models that translate or fill gaps: what is drawn, what is hidden, and in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from gradio_client import Client

import gptlineage as gl
from gptlineage.inference import save_model
from gptlineage.inference.fill import Gap
from gptlineage.inference.inspect import AttentionView, Token
from gptlineage.model import RecurrentConfig
from gptlineage.paths import import_app
from gptlineage.text import Tokenizer

from .test_browser import Visit, chromium, visit  # noqa: F401  (fixtures)

studio = import_app("studio")
inside, others, attention, strings = studio.inside, studio.inside_others, studio.attention, studio.strings
DIALS = (0.0, 50, 1.0, 8, "0")
EVIL = "<img src=x onerror=alert(1)> ___ {taken}"
KINDS = {"transformer": "translates", "rnnsearch": "translates", "bert": "fills"}
FIXED = "fixed"  # the encoder-decoder without attention
ASKED = {"transformer": "The cat is on the mat.", "rnnsearch": "猫在垫子上。", "bert": "The ___ is on the ___."}
PATIENCE = 120_000  # milliseconds: other programs may be at work beside the page


@pytest.fixture(scope="module")
def kinds(family: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """An untrained model of each kind; one more that continues text."""
    root = tmp_path_factory.mktemp("kinds")
    tokenizer = Tokenizer.train(["The cat is on the mat. 猫在垫子上。"] * 50, 300)
    shape = dict(d_model=32, n_heads=2, n_ctx=24, vocab_size=tokenizer.vocab_size)
    recurrent = dict(d_embed=8, d_hidden=10, d_maxout=5, n_ctx=24, vocab_size=tokenizer.vocab_size)
    configs = {
        "transformer": gl.ModelConfig(n_layers=2, encoder_layers=2, **shape),
        "rnnsearch": RecurrentConfig(d_align=6, **recurrent),
        "bert": gl.ModelConfig(n_layers=2, causal=False, **shape),
        FIXED: RecurrentConfig(**recurrent),
    }
    torch.manual_seed(0)
    for name, config in configs.items():
        of = "rnnsearch" if name == FIXED else name
        provenance = {"generation": of, "year": gl.generation(of).year, "stages": [], "size": "mini"}
        save_model(root / name, gl.build(config), tokenizer, provenance, "# A throw-away model\n")
    return [*(str(root / name) for name in configs), next(name for name in family if Path(name).name == "gpt-2")]


@pytest.fixture(scope="module")
def pool(kinds: list[str]) -> Any:
    return studio.models.ModelPool(kinds)


def words_of(markup: str) -> str:
    return re.sub(r"<[^>]*>", "", markup)


@pytest.mark.parametrize(
    ("key", "offered"),
    [("transformer", ["cross", "encoder", "decoder"]), ("rnnsearch", ["alignment"]), ("bert", ["self"])],
)
def test_every_kind_of_attention_is_offered_and_drawn(pool: Any, key: str, offered: list[str]) -> None:
    seen = others.see(pool, ASKED[key], key)
    name, made, picker, line, heads, head = others.drawings(pool, seen, "en")
    assert gl.generation(key).title in name and "class=gen" not in name
    assert picker["visible"] == (len(offered) > 1) and [one for _, one in picker["choices"]] == offered
    assert line.count("<button") == line.count("data-place") >= 1 and line.count('aria-pressed="true"') == 1
    assert heads.count("<button") == {"transformer": 2 * (2 + 1), "rnnsearch": 0, "bert": 2 * (2 + 1)}[key]
    assert "data:image/png" in head
    assert ("Its translation" in made) != ("filled in" in made)
    for kind in offered if len(offered) > 1 else ():
        drawn = others.drawings(pool, others.beginning(pool, others.replace(seen, kind=kind)), "zh")
        assert "平均" in drawn[4] and strings.text(others.KINDS[kind].rows, "zh") in drawn[3]


@pytest.mark.parametrize(("lang", "told"), [("en", "nothing to draw"), ("zh", "没有可画的")])
def test_what_has_no_attention_still_translates(pool: Any, lang: str, told: str) -> None:
    seen = others.see(pool, "The cat is on the mat.", FIXED)
    assert seen.translation.strip() == pool.get(FIXED).generate(seen.asked, max_new_tokens=24).strip() != ""
    name, made, picker, line, heads, head = others.drawings(pool, seen, lang)
    assert others.html.escape(seen.translation.strip()) in made and FIXED in name
    assert told in line and "<button" not in line and words_of(heads + head) == "" and not picker["visible"]
    assert others.at(pool, seen) == others.beginning(pool, seen) == seen  # whatever is clicked


def test_the_mean_of_the_last_layer_is_shown_first(pool: Any) -> None:
    seen = others.see(pool, ASKED["transformer"], "transformer")
    assert (seen.kind, seen.layer, seen.head) == ("cross", 1, 2)
    assert "Layer 2, mean of its heads" in others.drawings(pool, seen, "en")[5]


def test_a_mask_is_chosen_first(pool: Any) -> None:
    seen = others.see(pool, ASKED["bert"], "bert")
    view = others.views(pool, "bert", seen.asked)["self"]
    assert [token.special for token in view.rows].count("mask") == len(seen.gaps) == 2
    assert view.rows[seen.row].special == "mask" and view.rows[seen.row - 1].special != "mask"


@pytest.mark.parametrize("number", [-7, 99_999])
def test_a_click_on_nothing_stays_in_bounds(pool: Any, number: int) -> None:
    for key, asked in ASKED.items():
        seen = others.replace(others.see(pool, asked, key), row=number, layer=number, head=number)
        assert len(others.drawings(pool, others.at(pool, seen), "en")) == others.PARTS


def test_a_click_redraws_only_what_it_changes(pool: Any) -> None:
    seen = others.see(pool, ASKED["transformer"], "transformer")

    def changed(**changes: Any) -> list[bool]:
        new = others.at(pool, others.replace(seen, **changes))
        return [isinstance(update, str) for update in others.drawings(pool, new, "en", seen)]

    assert changed(row=1) == changed(layer=0, head=0) == [False] * 5 + [True]
    assert changed(kind="encoder") == [False] * 3 + [True] * 3


def test_a_mean_is_the_mean() -> None:
    tokens = (Token(1, ("猫",)), Token(2, ("cat",)))
    view = AttentionView(tokens, tokens, (torch.tensor([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]),), (None,))
    assert torch.equal(attention.weights_of(view, 0, 2), torch.full((2, 2), 0.5))
    assert attention.head_grid(view, 0, 0, "en").count("<button") == 2  # unless it is asked for
    assert "50\u00a0%" in words_of(attention.one_head(view, 0, 2, 0, "en"))


def test_what_people_and_models_write_is_never_markup() -> None:
    gap = Gap("<b>x</b>", [("<b>x</b>", 0.5), ("{evil}", 0.25)])
    for drawn in (
        others.filled(others.Seen("bert", EVIL, gaps=(gap,)), "en"),
        others.translated(others.Seen("bert", EVIL, "<img src=y>"), "zh"),
    ):
        assert "<img" not in drawn and "<b>" not in drawn and "&lt;" in drawn
    filled = others.filled(others.Seen("bert", EVIL, gaps=(gap,)), "en")
    assert "<mark>&lt;b&gt;x&lt;/b&gt;</mark> {taken}" in filled and filled.count("aria-current") == 1


def test_all_models_are_offered_and_those_that_write_beside_them(pool: Any, kinds: list[str]) -> None:
    blocks = {block.elem_id: block for block in studio.build_studio(kinds, "zh").blocks.values()}
    assert [key for _, key in blocks["inside-model"].choices] == list(pool.cards)
    assert blocks["inside-model"].value == "gpt-2"
    assert [key for _, key in blocks["inside-rival"].choices] == ["", "gpt-2"]


@pytest.fixture(scope="module")
def client(kinds: list[str]) -> Iterator[Client]:
    demo = studio.start(kinds)
    yield Client(demo.local_url, verbose=False)
    demo.close(verbose=False)


@pytest.mark.parametrize(
    ("words", "key", "lang", "told"),
    [
        (" ", "bert", "en", "Type something"),
        ("The cat.", "bert", "en", "There is no gap to fill"),
        ("猫在垫子上。", "bert", "zh", "没有要填的空"),
        ("Кошка спит.", "transformer", "en", "between English and Chinese"),
        ("Кошка спит.", "rnnsearch", "zh", "只在英文和中文之间翻译"),
        ("The cat is on the mat. " * 12, "transformer", "zh", "请逐句翻译"),
        ("The cat is on the ___. " * 8, "bert", "en", "shorten it"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(client: Client, words: str, key: str, lang: str, told: str) -> None:
    notice, *_ = client.predict(words, key, "", True, lang, *DIALS, api_name="/inside")
    assert told in notice and "\n" not in notice


# ---- in a browser, with the released models


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    votes = tmp_path_factory.mktemp("runs") / "votes.jsonl"
    demo = studio.start(["rnnsearch", "transformer", "bert", "gpt-2"], votes=votes)
    yield demo.local_url
    demo.close(verbose=False)


def chosen(visit: Visit, key: str, lang: str) -> Any:  # noqa: F811
    """A page with the tab open and the model chosen; what makes no sense for it has gone."""
    page = visit(1200, "zh-CN" if lang == "zh" else "en-US", "dark" if lang == "zh" else "light")
    page.set_default_timeout(PATIENCE)
    page.get_by_role("tab", name=strings.text("inside.tab", lang)).click()
    page.locator("#inside-chat").wait_for()
    page.click(f"#inside-model label:has(input[value='{key}'])")
    page.locator(".for-kind .told", has_text=strings.text(inside.HINTS[KINDS[key]], lang)).first.wait_for()
    for gone in ("#inside-chat", "#inside-rival"):
        page.locator(gone).wait_for(state="hidden")
    return page


def fits(page: Any) -> None:
    for width in (360, 420, 768, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = page.evaluate(
            """() => [...document.querySelectorAll('.looks :is(button, p, h4, li, label, .reading, .matrix)')]
                .map((e) => e.getBoundingClientRect()).filter((r) => r.width > 1)
                .filter((r) => r.left < 0 || r.right > innerWidth + 0.5).length"""
        )
        assert outside == 0, width


def test_a_sentence_is_translated_and_its_cross_attention_shown(visit: Visit) -> None:  # noqa: F811
    page = chosen(visit, "transformer", "en")
    page.get_by_role("button", name="Tom saw a cat in the park on Monday.").click()
    page.locator("#made .result", has_text="汤姆星期一在公园里看见了一只猫。").wait_for()
    assert page.locator("#inside-text textarea").input_value().startswith("Tom saw")
    cat = page.locator("#made-line button", has_text="猫")
    cat.click()
    page.locator("#made-head .rows .chosen", has_text="猫").wait_for()
    assert "cat" in page.locator("#made-head .most").inner_text().split("·")[0]
    page.locator("#made-heads button").first.click()
    page.locator("#made-head h4", has_text="Layer 1, head 1").wait_for()
    page.locator("#kinds label").nth(1).click()
    page.locator("#made-line h4", has_text="The source").wait_for()
    page.click("#language label:has(input[value=zh])")
    page.locator("#kinds", has_text="交叉注意力").wait_for()
    page.locator("#made-line h4", has_text="原文").wait_for()
    fits(page)
    # Back to a model that writes: everything is there again, and the translation goes when something else is read.
    page.click("#inside-model label:has(input[value='gpt-2'])")
    page.locator("#inside-chat").wait_for()
    page.click("#look")
    page.locator("#texts-0 button.tok").first.wait_for()
    page.locator("#made").wait_for(state="hidden")


def test_an_alignment_is_shown_in_chinese(visit: Visit) -> None:  # noqa: F811
    page = chosen(visit, "rnnsearch", "zh")
    page.get_by_role("button", name="汤姆星期一在公园里看见了一只猫。").click()
    page.locator("#made .result", has_text="Tom saw a cat in the park on Monday.").wait_for()
    page.locator("#made-line button", has_text="cat").click()
    page.locator("#made-head .rows .chosen", has_text="cat").wait_for()
    assert page.locator("#kinds").is_hidden()
    fits(page)
    page.fill("#inside-text textarea", "Кошка")
    page.click("#look")
    page.locator("#inside-notice", has_text="只在英文和中文之间翻译").wait_for()
    assert page.locator("#made .result").is_visible()


def test_gaps_are_filled_and_their_alternatives_listed(visit: Visit) -> None:  # noqa: F811
    page = chosen(visit, "bert", "zh")
    page.get_by_role("button", name="小红把___放在桌子上。").click()
    page.locator("#made mark").wait_for()
    assert page.locator("#made .gap li").count() == 5
    assert page.locator("#made-line button[aria-pressed=true]").inner_text() == "mask"
    page.fill("#inside-text textarea", "<b>Anna</b> put the ___ on the ___.")
    page.click("#look")
    page.locator("#made .gap").nth(1).wait_for()
    assert page.locator("#made b").count() == 0
    page.click("#language label:has(input[value=en])")
    page.locator("#made h4", has_text="Gap 2").wait_for()
    fits(page)
