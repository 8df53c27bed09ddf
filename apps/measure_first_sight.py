"""From the command `gptlineage studio` to an answer on the page, in Chromium (needs the test extra's playwright).

    python apps/measure_first_sight.py              writes data/results/first_sight.json
"""

import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from typing import Any

from playwright.sync_api import sync_playwright

from gptlineage.evaluation import write_results
from gptlineage.paths import data_dir

PORT, ROUNDS, REPLIES = 7911, 5, 8
ADDRESS = f"http://127.0.0.1:{PORT}/"
METRICS = (
    "seconds in which Python counts to ten million",  # how fast the machine is just then
    "seconds to the page",
    "seconds to an answer",
    "milliseconds from a click to the first token, median",
)
# The page takes the time itself: from the click until a bubble more has words in it (Gradio's own are not a reply).
TIMED_CLICK = """() => new Promise(resolve => {
    const bubbles = () => [...document.querySelectorAll("#conversation .bot .message-content")];
    const before = bubbles().length, begun = performance.now();
    new MutationObserver((_, observer) => {
        const said = bubbles().slice(before).at(-1)?.innerText.trim();
        if (said && said !== "Loading content") { observer.disconnect(); resolve(performance.now() - begun); }
    }).observe(document.querySelector("#conversation"), {childList: true, characterData: true, subtree: true});
    document.querySelector("#send").click();
})"""


def counting() -> float:
    """Seconds for a loop of ten million additions."""
    begun, total = time.perf_counter(), 0
    for number in range(10_000_000):
        total += number
    return time.perf_counter() - begun


def once() -> tuple[float, float, float]:
    """Seconds from the command until the page shows its message box, and until the first words of a reply.

    Then, of some more replies, the median of the milliseconds from the click to the first token.
    """
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(locale="en-US")
        start = time.perf_counter()
        command = [sys.executable, "-m", "gptlineage.cli", "studio", "--no-browser", "--port", str(PORT)]
        studio = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while True:
                try:
                    urllib.request.urlopen(ADDRESS, timeout=5).read()
                    break
                except OSError:
                    time.sleep(0.05)
            page.goto(ADDRESS)
            box = page.get_by_role("textbox").first
            box.wait_for()
            shown = time.perf_counter() - start
            box.fill("What is the capital of France?")
            box.press("Enter")
            page.locator(".bot").filter(has_text=re.compile(r"\w{3}")).last.wait_for()
            answered = time.perf_counter() - start
            waits = []
            for _ in range(REPLIES):
                page.locator("#send").wait_for()
                page.wait_for_timeout(1000)
                box.fill("What is the capital of France?")
                waits.append(page.evaluate(TIMED_CLICK))
        finally:
            studio.terminate()
            studio.wait()
            browser.close()
    return shown, answered, statistics.median(waits)


def main() -> None:
    rows: list[dict[str, Any]] = []
    for number in range(ROUNDS):
        for metric, value in zip(METRICS, (counting(), *once()), strict=True):
            n = REPLIES if metric == METRICS[-1] else 1
            rows.append({"task": "first sight", "metric": metric, "value": round(value, 2), "n": n, "round": number})
            print(rows[-1])
    path = data_dir() / "results" / "first_sight.json"
    write_results(path, "python apps/measure_first_sight.py", rows, seeds=[])


if __name__ == "__main__":
    main()
