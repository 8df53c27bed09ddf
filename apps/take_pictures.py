"""The README's pictures of the studio, in both languages: data/pictures/.

    python apps/take_pictures.py

Needs Chromium and the package's extra `test`. What the models say is theirs, at the studio's settings.
"""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from apps import studio
from gptlineage.paths import data_dir

WIDTH, HEIGHT = 1200, 1100
# Whether reply number n has begun; what stands there before is Gradio's.
SAYS = """n => !['', 'Loading content'].includes(
    document.querySelectorAll('#conversation .bot .message-content')[n]?.innerText.trim() ?? '')"""


@dataclass(frozen=True)
class Visitor:
    """Who looks at the page, and what they type."""

    ending: str
    locale: str
    says: tuple[str, ...]
    prompt: str
    word: int  # where in the prompt the word begins that is changed
    into: str
    answer: str
    reads: str
    likely: str


VISITORS = (
    Visitor("", "en-US", ("Hello! I'm Anna.", "What did GPT-2 change?", "What is my name?"),
            "The capital of France is", 15, "Japan", "Tokyo", "The capital of France is Paris.", "bits per byte"),
    Visitor("-zh", "zh-CN", ("你好，我叫小明。", "GPT-2改了什么？", "我叫什么名字？"),
            "法国的首都是", 0, "德", "柏林", "法国的首都是巴黎。", "每字节"),
)  # fmt: skip


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("take_pictures: needs Chromium; install the package chromium.")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        demo = studio.start(votes=Path(place) / "votes.jsonl")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for visitor in VISITORS:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale=visitor.locale)
            page.goto(str(demo.local_url))
            page.wait_for_selector("#message textarea")
            for tab, name, visit in ((0, "chat", chat), (1, "compare", compare), (3, "inside", inside)):
                page.locator("#views [role=tab]").nth(tab).click()
                visit(page, visitor)
                page.mouse.move(0, 0)
                page.wait_for_timeout(1000)  # for what still fades
                path = data_dir() / "pictures" / f"studio-{name}{visitor.ending}.png"
                page.screenshot(path=path, full_page=True)
                print(path)
            page.close()
        browser.close()
        demo.close(verbose=False)


def chat(page: Any, visitor: Visitor) -> None:
    for turn, words in enumerate(visitor.says):
        page.fill("#message textarea", words)
        page.press("#message textarea", "Enter")
        page.wait_for_function(SAYS, arg=turn)  # from its first word on until its last there is no button to send
        page.wait_for_selector("#send")


def compare(page: Any, visitor: Visitor) -> None:
    page.fill("#prompt textarea", visitor.prompt)
    page.click("#run")
    for state in (":not([disabled])", "[disabled]"):  # while they write, no word is changed
        page.locator(f"#stop{state}").wait_for()
    page.locator(f'.changing button[data-start="{visitor.word}"]').click()
    page.keyboard.type(visitor.into)
    page.keyboard.press("Enter")
    page.wait_for_selector(".output .same")
    page.click("#scoring > button")
    page.locator("#score-kind input").nth(1).check()
    page.fill("#answer textarea", visitor.answer)
    page.press("#answer textarea", "Enter")
    page.get_by_text(visitor.likely).first.wait_for()
    page.click("#scoring > button")


def inside(page: Any, visitor: Visitor) -> None:
    page.fill("#inside-text textarea", visitor.reads)
    page.click("#look")
    page.locator("#head-0 .matrix").wait_for()


if __name__ == "__main__":
    main()
