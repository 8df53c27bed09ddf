"""The Arena tab: two replies without names, a vote, and what many votes say of the models.

Votes are kept in one file on this computer (`gptlineage.training.votes`), which `gptlineage prefer` learns from.
"""

from __future__ import annotations

import html
import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

import gptlineage as gl
from gptlineage.errors import explain
from gptlineage.evaluation.ratings import Rating, ratings
from gptlineage.lineage.stages import clear_votes
from gptlineage.training.votes import Ballot, add_ballot, read_ballots

from .learning import Learning
from .models import FRAME, GENERATING, Card, ModelPool, check_prompt, press
from .race import Runner
from .strings import Translator, escaped, text
from .theme import class_of
from .words import CHAT_EXAMPLES

SAMPLING: dict[str, Any] = dict(temperature=0.9, top_k=50, max_new_tokens=80)  # bold enough for two replies to differ
Look = Callable[[str], tuple[Any, ...]]
CHOICES: tuple[tuple[str, int | str], ...] = (("left", 0), ("tie", "tie"), ("bad", "bad"), ("right", 1))


def build_arena(pool: ModelPool, words: Translator, lang: gr.Radio, votes: Path, root: Path) -> tuple[Look, list[Any]]:
    """The tab with all its events; `votes` is the file of the ballots, what learns from them is kept under `root`.

    Returns what must be asked whenever the page is opened, and the components that it updates.
    """
    learning = Learning(pool, votes, root)
    usable = bool(pool.writers)
    with words.bind(gr.Tab(id="arena"), label="arena.tab"):
        with gr.Column(elem_classes="sheet"):
            words.paragraph(lambda language: f"<p>{escaped('arena.intro', language)}</p>", "intro")
            prompt = words.bind(
                gr.Textbox(elem_id="arena-prompt", lines=1, max_lines=6, autofocus=False),
                label="arena.prompt",
                placeholder="arena.placeholder",
            )
            chosen = words.bind(
                gr.CheckboxGroup(
                    pool.writers, value=[key for _, key in pool.writers], elem_classes="models", elem_id="arena-models"
                ),
                label="arena.models",
                info="arena.models_hint",
            )
            with gr.Row(elem_classes="actions"):
                run = words.bind(gr.Button(variant="primary", elem_id="fight", interactive=usable), value="arena.run")
                stop = words.bind(gr.Button(elem_id="stop-arena", interactive=False), value="arena.stop")
                example = words.bind(gr.Button(elem_id="arena-example", interactive=usable), value="arena.example")
            notice = gr.HTML("", elem_classes="notice", elem_id="arena-notice", apply_default_css=False)
        bout = gr.State(None)
        with gr.Row(elem_classes="lanes pair"):
            lanes = []
            for side in ("left", "right"):
                with gr.Column(min_width=0, elem_classes="lane"):
                    words.paragraph(partial(corner, side))
                    lanes.append(gr.HTML("", elem_classes="output", elem_id=f"reply-{side}", apply_default_css=False))
        with gr.Row(elem_classes="actions ballot"):
            ballots = [
                words.bind(gr.Button(elem_id=f"vote-{name}", interactive=False), value=f"arena.{name}")
                for name, _ in CHOICES
            ]
        table = gr.HTML("", elem_classes="ratings", elem_id="ratings", apply_default_css=False)
        words.render(table, lambda language: {"value": standings(votes, pool, language)})
        with gr.Row(elem_classes="actions"):
            learn = words.bind(gr.Button(elem_id="learn", interactive=usable), value="arena.learn")
            progress = gr.HTML("", elem_classes="hint", elem_id="learning", apply_default_css=False)
        clock = gr.Timer(1.0, active=False)
        with gr.Row(elem_classes="actions"):
            words.paragraph(lambda language: escaped("arena.file", language, path=votes.as_posix()), "hint")
            delete = words.bind(gr.Button(size="sm", elem_id="delete-votes"), value="arena.delete")
            really = words.bind(
                gr.Button(size="sm", variant="stop", elem_id="really-delete", visible=False), value="arena.really"
            )

    def fight(asked: str, selected: list[str], language: str) -> Iterator[tuple[Any, ...]]:
        """Stream two replies without saying whose they are."""
        yield from duel(pool, asked, selected, language)

    def cast(vote: int | str, state: dict[str, Any] | None, language: str) -> tuple[Any, ...]:
        """Write the vote down and say who was who."""
        return count_vote(pool, votes, vote, state, language)

    def begin(selected: list[str], language: str) -> tuple[Any, ...]:
        """Let the newest of the chosen chat models learn, if the votes will do."""
        taught = [key for key, card in pool.cards.items() if key in selected and card.speaks_chat]
        try:
            if not taught:
                raise gl.UserError(text("arena.no_pupil", "en"), text("arena.no_pupil", "zh"))
            clear_votes(votes)
        except gl.UserError as error:
            return html.escape(explain(error, language)), gr.skip(), gr.skip()
        learning.begin(taught[-1], language)
        return look(language)

    def look(language: str) -> tuple[Any, ...]:
        """How the last run stands, for whoever looks; the clock goes while it runs."""
        if learning.running:
            told = escaped("arena.learning", language, done=round(100 * learning.share_done()))
        elif learning.learnt:
            told = escaped("arena.learnt", language, name=pool.cards[learning.learnt].title)
        else:
            told = html.escape(learning.trouble) or escaped("arena.learn_hint", language)
        return told, gr.Timer(active=learning.running), gr.update(choices=pool.writers)

    def forget(language: str) -> tuple[Any, ...]:
        try:
            votes.unlink(missing_ok=True)
        except OSError as error:
            return f'<p class="warning">{html.escape(str(error.strerror))}</p>', gr.update(visible=False)
        return standings(votes, pool, language), gr.update(visible=False)

    private: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "show_progress_on": [], **private}
    shown = [run, stop, notice, *lanes, bout, *ballots]
    running = run.click(
        fight, [prompt, chosen, lang], shown, api_name="arena", show_progress_on=[], **GENERATING
    )
    stop.click(None, None, None, cancels=running, **quick)
    running.then(lambda: (gr.update(interactive=True), gr.update(interactive=False)), None, [run, stop], **quick)
    prompt.submit(None, js=press("fight"), **private)
    example.click(lambda language: random.choice(CHAT_EXAMPLES[language]), lang, prompt, **quick).then(
        None, js=press("fight"), **private
    )
    counted = [notice, *lanes, bout, *ballots, table]
    for button, (_, vote) in zip(ballots, CHOICES, strict=True):
        # One after the other, all four: a bout is voted on once.
        button.click(
            partial(cast, vote), [bout, lang], counted, show_progress_on=[], concurrency_id="vote", **private
        )
    delete.click(lambda: gr.update(visible=True), None, really, **quick)
    really.click(forget, lang, [table, really], **quick)
    standing = [progress, clock, chosen]
    learn.click(begin, [chosen, lang], standing, **quick)
    gr.on([clock.tick, lang.change], look, lang, standing, **quick)
    return look, standing


def duel(pool: ModelPool, prompt: str, selected: list[str], lang: str) -> Iterator[tuple[Any, ...]]:
    """Updates for run, stop, the notice, both replies, the bout, and the four votes."""
    locked = [gr.update(interactive=False)] * len(CHOICES)
    try:
        check_prompt(prompt)
        if not selected:
            raise gl.UserError(text("error.no_model", "en"), text("error.no_model", "zh"))
        keys = random.sample(selected, 2) if len(selected) > 1 else selected * 2
        messages = [{"role": "user", "content": prompt.strip()}]
        runners = [
            Runner(pool.cards[key], True, pool.get(key).stream_chat(messages, seed=None, **SAMPLING)) for key in keys
        ]
    except gl.UserError as error:
        yield *running(False), html.escape(explain(error, lang)), "", "", None, *locked
        return

    def pictures() -> list[str]:
        return [reply_box(runner, lang) for runner in runners]

    yield *running(True), "", *pictures(), None, *locked
    shown = time.monotonic()
    while writing := [runner for runner in runners if not runner.ended]:
        min(writing, key=lambda runner: runner.spent).step(lang)
        if time.monotonic() - shown >= FRAME:
            shown = time.monotonic()
            yield gr.skip(), gr.skip(), "", *pictures(), gr.skip(), *[gr.skip()] * len(CHOICES)
    state = {"messages": messages, "models": keys, "replies": [runner.text.strip() for runner in runners]}
    fair = not any(runner.trouble for runner in runners)
    can_vote = [gr.update(interactive=fair)] * len(CHOICES)
    yield *running(False), escaped("arena.vote", lang), *pictures(), state if fair else None, *can_vote


def running(now: bool) -> tuple[Any, Any]:
    return gr.update(interactive=not now), gr.update(interactive=now)


def corner(side: str, lang: str) -> str:
    return f'<header><h3>{escaped(f"arena.corner_{side}", lang)}</h3></header>'


def reply_box(runner: Runner, lang: str) -> str:
    """A reply without a name."""
    if runner.trouble:
        return f'<p class="trouble">{runner.trouble}</p>'
    if runner.ended and not runner.text.strip():
        return f'<p class="silent">{escaped("compare.silent", lang)}</p>'
    return f'<div class="text"><span class="written">{html.escape(runner.text.lstrip())}</span></div>'


def count_vote(
    pool: ModelPool, votes: Path, vote: int | str, state: dict[str, Any] | None, lang: str
) -> tuple[Any, ...]:
    """Updates for the notice, both replies, the bout, the four votes and the table."""
    locked = [gr.update(interactive=False)] * len(CHOICES)
    if not state:
        return gr.skip(), gr.skip(), gr.skip(), None, *locked, gr.skip()
    first, second = state["replies"]
    kept = "tie" if vote in (0, 1) and first == second else vote  # of two equal replies none is better
    try:
        add_ballot(votes, Ballot(tuple(state["messages"]), tuple(state["models"]), (first, second), kept))
    except gl.UserError as error:
        return html.escape(explain(error, lang)), gr.skip(), gr.skip(), state, *[gr.skip()] * 4, gr.skip()
    fought = zip(state["models"], state["replies"], strict=True)
    named = [revealed(pool.cards[key], reply, lang) for key, reply in fought]
    return escaped("arena.thanks", lang), *named, None, *locked, standings(votes, pool, lang)


def revealed(card: Card, reply: str, lang: str) -> str:
    """A reply with the name of its model above."""
    written = html.escape(reply) or escaped("compare.silent", lang)
    return (
        f'<div class="{class_of(card.generation)}"><p class="verb">{html.escape(card.title)}</p>'
        f'<div class="text"><span class="written">{written}</span></div></div>'
    )


def standings(votes: Path, pool: ModelPool, lang: str) -> str:
    """The table of ratings, or a line that says why there is none."""
    if not votes.is_file():
        return f'<p class="waiting">{escaped("arena.no_votes", lang)}</p>'
    try:
        cast = read_ballots(votes)
    except gl.UserError as error:
        return f'<p class="warning">{html.escape(explain(error, lang))}</p>'
    return rating_table(ratings(cast), len(cast), pool, lang)


def rating_table(found: Sequence[Rating], n_votes: int, pool: ModelPool, lang: str) -> str:
    rows = []
    for rating in found:
        card = pool.cards.get(rating.model)
        colour, title = (class_of(card.generation), card.title) if card else ("gen", rating.model)
        rows.append(
            f'<tr class="{colour}"><th scope="row">{html.escape(title)}</th><td>{rating.value:.0f}</td>'
            f"<td>{rating.low:.0f} – {rating.high:.0f}</td><td>{rating.votes}</td></tr>"
        )
    heads = "".join(
        f'<th scope="col">{escaped(f"arena.{name}", lang)}</th>' for name in ("model", "rating", "interval", "votes")
    )
    caption = escaped("arena.ratings", lang, n=n_votes)
    return f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
