"""The Chat tab: talk to any generation, change what you said, and go on from there."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gradio as gr

import gptlineage as gl
from gptlineage.errors import explain
from gptlineage.evaluation.findings import exam_of
from gptlineage.inference.conversations import as_json, as_markdown

from .download import save_on_click
from .keeping import FORGET, FRESH, KEEP, LONGEST_CHAT, OPEN, STATE, Message, messages_of, read_kept
from .models import GENERATING, Card, ModelPool, check_prompt, growing, press
from .settings import as_settings, build_settings
from .strings import Translator, escaped, text
from .theme import class_of
from .words import CHAT_EXAMPLES, SYSTEM_EXAMPLES

# Even with Markdown off, Gradio's Chatbot reads a message as (sanitized) HTML: <b> would vanish. An invisible joiner
# after the first character of a tag or an entity keeps it as text; `plain` takes it away again.
MARKUP = re.compile(r"<(?=[a-zA-Z/!?])|&(?=[#a-zA-Z])")
JOINED = re.compile("(?<=[<&])\u2060")


def build_chat(demo: gr.Blocks, pool: ModelPool, words: Translator, lang: gr.Radio) -> gr.Radio:
    """The tab with all its events; `lang` is the switch in the header. Returns the picker of models."""
    usable = bool(pool.writers)
    with words.bind(gr.Tab(id="chat"), label="chat.tab"), gr.Column(elem_classes="sheet"):
        model = words.bind(
            gr.Radio(pool.writers, value=pool.default, elem_classes="models", elem_id="chat-models", container=False),
            label="chat.model",
        )
        line = gr.HTML(model_line(pool, pool.default, words.lang), elem_classes="model-line", apply_default_css=False)
        conversation = gr.Chatbot(
            elem_id="conversation",
            height="var(--chat-height)",
            editable="user",
            buttons=["copy"],
            # What people and models write is plain text: no Markdown, no LaTeX, no tags.
            render_markdown=False,
            latex_delimiters=[],
            allow_tags=False,
            show_label=False,
            feedback_options=None,
        )
        words.render(conversation, empty_chat)
        notice = gr.HTML("", elem_classes="notice", elem_id="chat-notice", apply_default_css=False)
        with gr.Row(elem_classes="composer"):
            box = words.bind(
                gr.Textbox(elem_id="message", max_lines=6, container=False, show_label=False),
                label="chat.message",
                placeholder="chat.placeholder",
            )
            send = words.bind(gr.Button(variant="primary", elem_id="send", interactive=usable), value="chat.send")
            stop = words.bind(gr.Button(elem_id="stop-chat", visible=False), value="chat.stop")
        with gr.Row(elem_classes="actions"):
            again = words.bind(gr.Button(size="sm", elem_id="again", interactive=usable), value="chat.retry")
            clear = words.bind(gr.Button(size="sm", elem_id="new-chat"), value="chat.clear")
            words.paragraph(lambda lang: escaped("chat.hint", lang), "hint")
        with words.bind(gr.Accordion(open=False, elem_id="system"), label="chat.system"):
            system = words.bind(
                gr.Textbox(elem_id="system-message", max_lines=4),
                label="chat.system_message",
                info="chat.system_hint",
            )
            with gr.Row(elem_classes="starters"):
                orders = [gr.Button(size="sm") for _ in SYSTEM_EXAMPLES["en"]]
            for index, order in enumerate(orders):
                words.render(order, partial(system_example, index))
        dials = build_settings(words, temperature=0.5, length=120, seed="", seed_hint="seed_hint")
        with words.bind(gr.Accordion(open=False, elem_id="kept"), label="chat.kept"):
            stored = gr.Textbox(visible=False)  # only carries what chats.js tells
            others = words.bind(
                gr.Dropdown([], elem_id="kept-chats", interactive=True), label="chat.others", info="chat.others_hint"
            )
            with gr.Row(elem_classes="actions"):
                markdown = words.bind(gr.Button(size="sm", elem_id="chat-markdown"), value="save.md")
                as_data = words.bind(gr.Button(size="sm", elem_id="chat-json"), value="save.json")
                forget = words.bind(gr.Button(size="sm", elem_id="forget-chat"), value="chat.forget")

    def say(
        message: str, history: list[Any], key: str | None, order: str, language: str, *values: Any
    ) -> Iterator[Any]:
        """Add a message and stream the reply."""
        said = plain(history)
        for number, picture in enumerate(turn(pool, said, said, message, key, order, language, values)):
            taken = number == 0 and len(picture[0]) > len(said)  # a message that was refused stays in the box
            yield *picture, "" if taken else gr.skip()

    def say_again(history: list[Any], key: str | None, order: str, language: str, *values: Any) -> Iterator[Any]:
        """Answer the last message once more, with whichever model is chosen now."""
        standing = plain(history)
        said, message = last_message(standing)
        yield from turn(pool, standing, said, message, key, order, language, values)

    def go_on_from(
        history: list[Any], key: str | None, order: str, language: str, edit: gr.EditData, *values: Any
    ) -> Iterator[Any]:
        """Replace a message and answer it; what followed is gone."""
        index = edit.index if isinstance(edit.index, int) else edit.index[0]
        standing, message = plain(history), JOINED.sub("", str(edit.value))
        yield from turn(pool, standing, standing[:index], message, key, order, language, values)

    def take_example(
        history: list[Any], key: str | None, order: str, language: str, example: gr.SelectData, *values: Any
    ) -> Iterator[Any]:
        said, message = plain(history), str(example.value["text"])
        yield from turn(pool, said, said, message, key, order, language, values)

    def opened(told: str) -> tuple[Any, ...]:
        """The conversation that this window shows, as the browser kept it, and the others."""
        kept = read_kept(told)
        menu = gr.update(choices=kept.others, value=kept.current)
        if not kept.messages:  # whoever has begun to type meanwhile loses nothing
            return gr.skip(), gr.skip(), gr.skip(), menu
        known = kept.model in {key for _, key in pool.writers}
        return shown(plain(kept.messages)), gr.update(value=kept.model) if known else gr.skip(), kept.system, menu

    def listed(told: str) -> dict[str, Any]:
        kept = read_kept(told)
        return gr.update(choices=kept.others, value=kept.current)

    def as_file(form: Callable[[list[Message], str], str], ending: str) -> Callable[..., tuple[str, str]]:
        def produce(history: list[Any], key: str | None, order: str) -> tuple[str, str]:
            said = plain(history)
            messages = with_system(said, order) if said else []
            return f"gptlineage-chat.{ending}", form(messages, pool.cards[key].title if key else "") if said else ""

        return produce

    inputs, outputs = [conversation, model, system, lang, *dials], [conversation, notice, send, stop, again, clear]
    shared: dict[str, Any] = {"outputs": outputs, "show_progress_on": conversation, **GENERATING}
    hidden: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "show_progress_on": [], **hidden}
    running = [
        send.click(say, [box, *inputs], **{**shared, "outputs": [*outputs, box]}, api_name="chat"),
        gr.on([again.click, conversation.retry], say_again, inputs, **shared, **hidden),
        conversation.edit(go_on_from, inputs, **shared, **hidden),
        conversation.example_select(take_example, inputs, **shared, **hidden),
    ]
    # During a reply the send button is gone, and Enter with it: two replies cannot overlap.
    box.submit(None, js=press("send"), **hidden)
    # A change of mind ends what is being written; Gradio closes the generator, and with it the model's.
    stop.click(None, None, None, cancels=running, **quick)
    for event in running:  # once it has really ended: Gradio drops what is pressed while it is being cancelled
        event.then(lambda: controls(running=False), None, outputs[2:], **quick).then(
            listed, stored, others, js=STATE, **quick
        )
    gr.on(
        [model.change, lang.change],
        lambda key, language: model_line(pool, key, language),
        [model, lang],
        [line],
        **quick,
    )
    for order in orders:
        order.click(lambda line: line, order, system, **quick)
    conversation.change(None, [conversation, model, system], None, js=KEEP, **hidden)
    restored = [conversation, model, system, others]
    demo.load(opened, stored, restored, js=STATE, **quick)
    others.input(lambda _, told: opened(told), [others, stored], restored, js=OPEN, **quick)
    for button, script in ((clear, FRESH), (forget, FORGET)):
        button.click(None, None, [conversation, notice], js=script, cancels=running, **hidden).then(
            listed, stored, others, js=STATE, **quick
        )
    for button, form, ending in ((markdown, as_markdown, "md"), (as_data, as_json, "json")):
        save_on_click(button, as_file(form, ending), [conversation, model, system])
    return model


def turn(
    pool: ModelPool,
    standing: list[Message],
    said: list[Message],
    message: str,
    key: str | None,
    order: str,
    lang: str,
    values: tuple[Any, ...],
) -> Iterator[tuple[Any, ...]]:
    """The conversation, the notice and the controls, again and again while the reply to the message grows.

    It stands after what was `said`; when it is refused, the conversation stays as it is `standing`.
    """
    try:
        if key is None:
            raise gl.UserError(text("app.no_models", "en"), text("app.no_models", "zh"))
        check_prompt(message)
        asked = [*said, {"role": "user", "content": message.strip()}]
        heard = with_system(asked[-LONGEST_CHAT:], order)
        pieces = pool.get(key).stream_chat(heard, **as_settings(*values))  # refuses at once what does not fit
        standing = asked
        yield shown(standing), "", *controls(running=True)
        for reply in growing(pieces):
            if reply.strip():
                standing = [*asked, {"role": "assistant", "content": reply.lstrip()}]
                yield shown(standing), "", *[gr.skip()] * 4
        silent = escaped("chat.silent", lang) if standing is asked else ""
        yield shown(standing), silent, *controls(running=False)
    except gl.UserError as error:
        yield shown(standing), html.escape(explain(error, lang)), *controls(running=False)
    except Exception:
        logging.exception("the chat could not go on")
        yield shown(standing), escaped("error.unexpected", lang), *controls(running=False)


def controls(running: bool) -> tuple[Any, Any, Any, Any]:
    """The send, stop, retry and clear buttons."""
    lock = gr.update(interactive=not running)
    return gr.update(visible=not running), gr.update(visible=running), lock, lock


def with_system(messages: list[Message], order: str | None) -> list[Message]:
    """The messages after the system message, if there is one. Raises UserError for one that is too long."""
    said = (order or "").strip()
    if not said:
        return messages
    check_prompt(said)
    return [{"role": "system", "content": said}, *messages]


def plain(history: list[Any]) -> list[Message]:
    """Gradio's messages as the engine's; anything but text is dropped."""
    return [{**message, "content": JOINED.sub("", message["content"])} for message in messages_of(history)]


def shown(messages: list[Message]) -> list[Message]:
    """The messages for Gradio, so that everything in them is read as text."""
    return [
        {**message, "content": MARKUP.sub(lambda found: found[0] + "\u2060", message["content"])}
        for message in messages
    ]


def last_message(messages: list[Message]) -> tuple[list[Message], str]:
    """What came before the last thing the person said, and that."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index]["role"] == "user":
            return messages[:index], messages[index]["content"]
    return messages, ""


def empty_chat(lang: str) -> dict[str, Any]:
    """What an empty conversation shows: an invitation, and things to ask."""
    return {
        "label": text("chat.conversation", lang),
        "placeholder": text("chat.empty", lang),
        "examples": [{"text": line} for line in CHAT_EXAMPLES[lang]],
    }


def system_example(index: int, lang: str) -> dict[str, Any]:
    return {"value": SYSTEM_EXAMPLES[lang][index]}


def model_line(pool: ModelPool, key: str | None, lang: str) -> str:
    """One line about the chosen model, what the exam says of it, and a word on one that was never taught to chat."""
    if key is None:
        return f'<p class="warning">{escaped("app.no_models", lang)}</p>'
    card = pool.cards[key]
    facts = [card.title, str(card.year or ""), card.size(lang), text("model.context", lang, n=card.config.n_ctx)]
    told = " · ".join(html.escape(fact) for fact in facts if fact)
    base = "" if card.speaks_chat else f"<p>{escaped('model.base', lang)}</p>"
    return (
        f'<div class="{class_of(card.generation)}"><p><span class="dot"></span>{told}</p>'
        f"<p>{exam_line(card, lang)}</p>{base}</div>"
    )


def exam_line(card: Card, lang: str) -> str:
    """The exam's figures for a released model; one's own has not sat it."""
    marks = exam_of(card.generation) if card.released else {}
    if not marks:
        return escaped("model.unexamined", lang)
    told = {"facts": f"{marks['facts']:.0%}", "instructions": f"{marks['instructions']:.0%}"}
    told["bits"] = f"{marks['bits']:.2f}"
    return escaped("model.exam_chat" if card.speaks_chat else "model.exam_base", lang, **told)
