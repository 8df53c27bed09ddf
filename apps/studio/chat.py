"""The Chat tab: talk to any generation, change what you said, and go on from there."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from typing import Any

import gradio as gr

import gptlineage as gl
from gptlineage.errors import explain

from .models import GENERATING, MOST_CHARACTERS, ModelPool, check_prompt, growing, press
from .settings import as_settings, build_settings
from .strings import Translator, escaped, text
from .theme import class_of
from .words import CHAT_EXAMPLES

Message = dict[str, str]
# Even with Markdown off, Gradio's Chatbot reads a message as (sanitized) HTML: <b> would vanish. An invisible joiner
# after the first character of a tag or an entity keeps it as text; `plain` takes it away again.
MARKUP = re.compile(r"<(?=[a-zA-Z/!?])|&(?=[#a-zA-Z])")
JOINED = re.compile("(?<=[<&])\u2060")
LONGEST_CHAT = 60  # messages; the models forget earlier ones anyway


def build_chat(pool: ModelPool, words: Translator, lang: gr.Radio) -> gr.Radio:
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
                gr.Textbox(
                    elem_id="message", max_lines=6, max_length=MOST_CHARACTERS, container=False, show_label=False
                ),
                label="chat.message",
                placeholder="chat.placeholder",
            )
            send = words.bind(gr.Button(variant="primary", elem_id="send", interactive=usable), value="chat.send")
            stop = words.bind(gr.Button(elem_id="stop-chat", visible=False), value="chat.stop")
        with gr.Row(elem_classes="actions"):
            again = words.bind(gr.Button(size="sm", elem_id="again", interactive=usable), value="chat.retry")
            clear = words.bind(gr.Button(size="sm", elem_id="new-chat"), value="chat.clear")
            words.paragraph(lambda lang: escaped("chat.hint", lang), "hint")
        dials = build_settings(words, temperature=0.5, length=120, seed="", seed_hint="seed_hint")

    def say(message: str, history: list[Any], key: str | None, language: str, *values: Any) -> Iterator[Any]:
        """Add a message and stream the reply."""
        said = plain(history)
        for number, picture in enumerate(turn(pool, said, message, key, language, values)):
            taken = number == 0 and len(picture[0]) > len(said)  # a message that was refused stays in the box
            yield *picture, "" if taken else gr.skip()

    def say_again(history: list[Any], key: str | None, language: str, *values: Any) -> Iterator[Any]:
        """Answer the last message once more, with whichever model is chosen now."""
        said, message = last_message(plain(history))
        yield from turn(pool, said, message, key, language, values)

    def go_on_from(
        history: list[Any], key: str | None, language: str, edit: gr.EditData, *values: Any
    ) -> Iterator[Any]:
        """Replace a message and answer it; what followed is gone."""
        index = edit.index if isinstance(edit.index, int) else edit.index[0]
        yield from turn(pool, plain(history)[:index], JOINED.sub("", str(edit.value)), key, language, values)

    def take_example(
        history: list[Any], key: str | None, language: str, example: gr.SelectData, *values: Any
    ) -> Iterator[Any]:
        yield from turn(pool, plain(history), str(example.value["text"]), key, language, values)

    inputs, outputs = [conversation, model, lang, *dials], [conversation, notice, send, stop, again, clear]
    shared: dict[str, Any] = {"outputs": outputs, "show_progress_on": conversation, **GENERATING}
    hidden: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", **hidden}
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
    clear.click(lambda: ([], ""), None, [conversation, notice], **quick)
    for event in running:  # once it has really ended: Gradio drops what is pressed while it is being cancelled
        event.then(lambda: controls(running=False), None, outputs[2:], **quick)
    gr.on(
        [model.change, lang.change],
        lambda key, language: model_line(pool, key, language),
        [model, lang],
        [line],
        **quick,
    )
    return model


def turn(
    pool: ModelPool, said: list[Message], message: str, key: str | None, lang: str, values: tuple[Any, ...]
) -> Iterator[tuple[Any, ...]]:
    """The conversation, the notice and the controls, again and again while the reply grows."""
    try:
        if key is None:
            raise gl.UserError(text("app.no_models", "en"), text("app.no_models", "zh"))
        check_prompt(message)
        said = asked = [*said, {"role": "user", "content": message.strip()}]
        yield shown(said), "", *controls(running=True)
        for reply in growing(pool.get(key).stream_chat(asked[-LONGEST_CHAT:], **as_settings(*values))):
            if reply.strip():
                said = [*asked, {"role": "assistant", "content": reply.lstrip()}]
                yield shown(said), "", *[gr.skip()] * 4
        yield shown(said), "" if said is not asked else escaped("chat.silent", lang), *controls(running=False)
    except gl.UserError as error:
        yield shown(said), html.escape(explain(error, lang)), *controls(running=False)
    except Exception:
        logging.exception("the chat could not go on")
        yield shown(said), escaped("error.unexpected", lang), *controls(running=False)


def controls(running: bool) -> tuple[Any, Any, Any, Any]:
    """The send, stop, retry and clear buttons."""
    lock = gr.update(interactive=not running)
    return gr.update(visible=not running), gr.update(visible=running), lock, lock


def plain(history: list[Any]) -> list[Message]:
    """Gradio's messages, whose content is a list of blocks, as the engine's; anything but text is dropped."""
    messages = []
    for message in history or []:
        content = message["content"]
        if isinstance(content, list):
            content = "".join(block.get("text", "") for block in content if isinstance(block, dict))
        if message["role"] in ("user", "assistant") and isinstance(content, str):
            messages.append({"role": str(message["role"]), "content": JOINED.sub("", content)[:MOST_CHARACTERS]})
    return messages


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


def model_line(pool: ModelPool, key: str | None, lang: str) -> str:
    """One line about the chosen model, and a second for a model that was never taught to chat."""
    if key is None:
        return f'<p class="warning">{escaped("app.no_models", lang)}</p>'
    card = pool.cards[key]
    facts = [card.title, str(card.year or ""), card.size(lang), text("model.context", lang, n=card.config.n_ctx)]
    told = " · ".join(html.escape(fact) for fact in facts if fact)
    base = "" if card.speaks_chat else f"<p>{escaped('model.base', lang)}</p>"
    return f'<div class="{class_of(card.generation)}"><p><span class="dot"></span>{told}</p>{base}</div>'
