"""The Train tab as a person meets it: real, short trainings on a text of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.studio.words import STRINGS
from gptlineage.paths import import_app

from .test_browser import Visit, chromium, visit  # noqa: F401  (fixtures)

studio = import_app("studio")
strings = studio.strings
PATIENCE = 300_000  # milliseconds: other programs may be at work beside the training
STORY = "".join(f"On day {i} the fox met {i * 7} crows. 狐狸在第{i}天说你好。\n" for i in range(400))


@pytest.fixture(scope="module")
def address(family: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio with a place of its own, and a text given at the start."""
    root = tmp_path_factory.mktemp("train")
    (root / "given.md").write_text(STORY, encoding="utf-8")
    demo = studio.start(family, votes=root / "runs" / "votes.jsonl", data=[root / "given.md"])
    yield demo.local_url
    demo.close(verbose=False)


def opened(visit: Visit, width: int = 1280, *args: Any, tab: str = "Train") -> Any:  # noqa: F811
    page = visit(width, *args)
    page.set_default_timeout(PATIENCE)
    page.get_by_role("tab", name=tab, exact=True).click()
    return page


def choose(page: Any, menu: str, option: str) -> None:
    page.click(f"#train-{menu} input")
    page.get_by_role("option", name=option).click()


def measured(page: Any, steps: int) -> str:
    """Ask for the price of so many steps; returns the answer."""
    page.fill("#train-steps :is(input, textarea)", str(steps))
    page.click("#measure")
    page.wait_for_selector("#plan .priced")
    return str(page.inner_text("#plan"))


def test_an_uploaded_text_is_learnt_and_the_model_is_met(visit: Visit, tmp_path: Path) -> None:  # noqa: F811
    page = opened(visit)
    novel = tmp_path / "my <b>novel.txt"
    novel.write_text(STORY, encoding="utf-8")
    choose(page, "data", strings.text("train.own", "en"))
    page.set_input_files("#train-file input[type=file], input[type=file]", str(novel))
    page.get_by_text("It stays on this computer.").and_(page.locator("#train-file-line *")).last.wait_for()
    assert page.locator("#start-training[disabled]").count() == 1  # nothing begins before its price is known
    told = measured(page, 10)
    assert "memory" in told and "blind guessing" in told
    page.click("#start-training:not([disabled])")
    page.locator(".run h3", has_text="my-gpt-1").wait_for()
    assert page.locator(".run b", has_text="novel").count() == 0  # the file's name is no markup
    page.locator("#meet-training").wait_for()
    assert page.locator(".curve path.smooth").count() == 1 and page.locator(".curve path.dot").count() == 2
    assert "step 10" in page.inner_text(".learnt") and "step 0" in page.inner_text(".learnt")
    page.locator("#measure").wait_for()  # the next one may be chosen
    page.click("#meet-training")
    page.locator("#chat-models input[value='my-gpt-1']").wait_for(state="attached")
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.locator("#compare-models input[name='my-gpt-1']").wait_for(state="attached")


def test_a_training_is_paused_resumed_and_stopped_and_survives_the_page(visit: Visit) -> None:  # noqa: F811
    page = opened(visit)
    choose(page, "data", "given.md")
    measured(page, 3000)
    page.click("#start-training:not([disabled])")
    page.locator("#measure").wait_for(state="hidden")  # one at a time
    page.locator(".curve path.smooth").wait_for(state="attached")
    page.close()
    page = opened(visit, 1280, "zh-CN", "dark", tab="训练")  # another visitor, another language
    page.locator("#training-state", has_text="共 3,000 步").wait_for()
    page.locator("#training-state", has_text="还需").wait_for()
    page.click("#pause-training")
    page.locator("#training-state", has_text="已暂停").wait_for()
    step = page.get_attribute(".run progress", "value")
    page.wait_for_timeout(1500)
    assert page.get_attribute(".run progress", "value") == step
    page.click("#resume-training")
    page.wait_for_function("step => +document.querySelector('.run progress').value > +step", arg=step)
    page.reload()
    page.get_by_role("tab", name="训练", exact=True).click()
    page.click("#stop-training")
    page.locator("#training-state", has_text="已停止").wait_for()
    page.locator("#measure").wait_for()
    english = {pair[0] for pair in STRINGS.values() if pair[0] != pair[1] and len(pair[0]) > 3}
    assert not {line.strip() for line in page.inner_text("body").splitlines()} & english


def test_what_is_wrong_is_said_in_the_readers_language(visit: Visit, tmp_path: Path) -> None:  # noqa: F811
    page = opened(visit, 420, "zh-CN", "light", tab="训练")
    choose(page, "data", strings.text("train.own", "zh"))
    page.click("#measure")
    page.locator("#plan .trouble", has_text="请先选择文件").wait_for()
    old = tmp_path / "旧文件.txt"
    old.write_bytes("狐狸说你好。".encode("gb18030") * 500)
    page.set_input_files("input[type=file]", str(old))
    page.locator("#train-file-line .trouble", has_text="不是 UTF-8").wait_for()
    assert "/" not in page.inner_text("#train-file-line").split("iconv")[0].replace("UTF-8", "")
    short = tmp_path / "short.txt"
    short.write_text("太短。", encoding="utf-8")
    page.set_input_files("input[type=file]", str(short))
    page.locator("#train-file-line", has_text="short.txt").wait_for()
    page.click("#measure")
    page.locator("#plan .trouble", has_text="太短").wait_for()
    assert page.locator("#start-training[disabled]").count() == 1


def test_another_generation_has_other_sizes_and_a_parent(visit: Visit) -> None:  # noqa: F811
    page = opened(visit, 360)
    page.click("#train-generation label:has(input[value='gpt-3.5'])")
    page.locator("#train-parent").wait_for()
    assert page.input_value("#train-parent input") == "GPT-3"
    page.click("#train-generation label:has(input[value='gpt-2'])")
    page.locator("#train-parent").wait_for(state="hidden")
    page.click("#train-size input")
    options = page.get_by_role("option")
    assert options.count() == 5 and "of memory or more" in options.last.inner_text()
    options.first.click()
    for width in (360, 768, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
