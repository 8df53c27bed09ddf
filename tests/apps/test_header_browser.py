"""The family above the tabs, in a real browser: every name leads somewhere, at the first click."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gptlineage.paths import import_app

from .test_browser import Visit, address, chromium, visit  # noqa: F401  (fixtures)
from .test_inside_others import kinds  # noqa: F401  (fixture)

studio = import_app("studio")


@pytest.fixture(scope="module")
def workshop(kinds: list[str]) -> Iterator[str]:  # noqa: F811
    """The address of a studio with models that translate or fill gaps."""
    demo = studio.start(kinds)
    yield demo.local_url
    demo.close()


@pytest.mark.parametrize("name", ["rnnsearch", "bert"])
def test_one_that_does_not_write_is_chosen_in_compare_at_the_first_click(visit: Visit, workshop: str, name: str):  # noqa: F811
    page = visit()
    page.goto(workshop)
    ticked = page.locator(f"#compare-models input[name$='{name}']")
    page.click(f".timeline .gen-{name} button")
    ticked.and_(page.locator(":checked")).wait_for(state="attached")


def test_one_that_is_not_here_opens_its_page_of_the_lineage(visit: Visit):  # noqa: F811
    page = visit()
    page.click(".timeline .gen-gpt-4 button")
    page.locator("#story-head", has_text="GPT-4").wait_for()
    assert page.locator("#tree [data-name='gpt-4']").get_attribute("aria-pressed") == "true"
