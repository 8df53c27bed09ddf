"""What people do with a model: sample, inspect, attention, compare, chat, studio."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from ..errors import UserError, language, unknown
from .common import (
    Json,
    MaxNewTokens,
    OwnTemperature,
    Seed,
    Temperature,
    TopK,
    TopP,
    app,
    plain,
    settings,
    show_json,
    zh,
)  # fmt: skip


@app.command(epilog='Example: gptlineage sample gpt-2 "Once upon a time" --seed 1')
def sample(
    model: Annotated[str, typer.Argument(help="A released name or a run directory.")],
    prompt: Annotated[
        str, typer.Argument(help="The beginning of a text, a sentence to translate, or gaps: ___; - reads stdin.")
    ],
    max_new_tokens: MaxNewTokens = 64,
    temperature: OwnTemperature = None,
    top_k: TopK = 50,
    top_p: TopP = 1.0,
    seed: Seed = None,
    n: Annotated[int, typer.Option(help="How many continuations.", min=1)] = 1,
    as_json: Json = False,
) -> None:
    """Let a model continue a text, translate it, or fill its gaps."""
    from ..inference import LanguageModel, load

    lm = load(model)
    prompt = sys.stdin.read().strip() if prompt == "-" else prompt
    if isinstance(lm, LanguageModel) and lm.speaks_chat and not as_json:
        print(f"{lm.name} {'学过对话：' if zh() else 'converses: '}gptlineage chat {model}", file=sys.stderr)
    texts = []
    for number in range(n):
        chosen = settings(max_new_tokens, temperature, top_k, top_p, None if seed is None else seed + number)
        if as_json:
            texts.append(lm.generate(prompt, **chosen))
            continue
        stream = lm.stream(prompt, **chosen)  # complains before anything is printed
        if number:
            print("\n" + "—" * 20)
        print(prompt if lm.continues else "", end="", flush=True)
        for piece in stream:
            print(piece, end="", flush=True)
        print()
    if as_json:
        show_json({"model": lm.name, "prompt": prompt, "seed": seed, "texts": texts})


@app.command(epilog='Example: gptlineage inspect gpt-3 "The capital of France is Paris." --top 3')
def inspect(
    model: Annotated[str, typer.Argument(help="A released name or a run directory.")],
    text: Annotated[str, typer.Argument(help="The text to read.")],
    top: Annotated[int, typer.Option(help="How many alternatives to show at each place.", min=1, max=100)] = 5,
    as_json: Json = False,
) -> None:
    """How likely a model found each token of a text, how open the choice was, and what else it might have said."""
    from ..inference import LanguageModel, load
    from ..inference.inspect import token_reports

    lm = load(model)
    if not isinstance(lm, LanguageModel):
        raise UserError(
            f"{lm.name} does not continue text, so it expects no next token; try: gptlineage attention {model} TEXT",
            f"{lm.name} 不会续写，也就不预测下一个词元；可以试试：gptlineage attention {model} 文字",
        )
    reports = token_reports(lm, lm.read(text), top)
    if as_json:
        return show_json({"model": lm.name, "text": text, "tokens": [report.to_dict() for report in reports]})
    english = ("token", "probability", "entropy (bits)", "alternatives")
    table = Table(*(("词元", "概率", "熵（比特）", "备选") if zh() else english))
    for report in reports:
        table.add_row(
            Text("…" if report.token is None else str(report.token)),
            "—" if report.probability is None else f"{report.probability:.1%}",
            "—" if report.entropy is None else f"{report.entropy:.1f}",
            Text("  ".join(f"{one.token} {one.probability:.1%}" for one in report.alternatives)),
        )
    Console().print(table)


@app.command(epilog='Example: gptlineage attention transformer "Tom saw a cat in the park." --out attention.svg')
def attention(
    model: Annotated[str, typer.Argument(help="A released name or a run directory.")],
    text: Annotated[str, typer.Argument(help="The text to read, or to translate.")],
    kind: Annotated[str | None, typer.Option(help="alignment, cross, encoder, decoder or self.")] = None,
    layer: Annotated[int | None, typer.Option(help="Counted from 1 (default: the last).")] = None,
    head: Annotated[int | None, typer.Option(help="Counted from 1 (default: the mean of all).")] = None,
    out: Annotated[Path | None, typer.Option(help="Draw it to this picture (.png or .svg).")] = None,
    as_json: Json = False,
) -> None:
    """Where a model looks while it reads or translates: a picture, or the token that each one reads most."""
    from ..evaluation.attention_chart import draw, weights_of
    from ..inference import load
    from ..inference.attention import look

    lm = load(model)
    views = look(lm, text)
    if not views:
        raise UserError(
            f"{lm.name} has no attention: it looks back at nothing, its whole source is one vector.",
            f"{lm.name} 没有注意力：整句原文压成一个向量，写译文时什么也不回看。",
        )
    chosen = kind or next(iter(views))
    if chosen not in views:
        raise unknown("kind of attention", "注意力种类", chosen, list(views))
    view = views[chosen]
    weights = weights_of(view, layer, head)
    if out:
        draw(view, weights, f"{lm.name}: {chosen}", out)
        return print(out)
    rows: list[dict[str, Any]] = [
        {"token": str(token), "reads": str(view.columns[int(own.argmax())]), "weight": round(float(own.max()), 4)}
        for token, own in zip(view.rows, weights, strict=True)
    ]
    if as_json:
        return show_json({"model": lm.name, "text": text, "kind": chosen, "rows": rows})
    table = Table(*(("词元", "最关注", "权重") if zh() else ("token", "reads most", "weight")))
    for row in rows:
        table.add_row(Text(row["token"]), Text(row["reads"]), f"{row['weight']:.2f}")
    Console().print(table)


@app.command(epilog='Example: gptlineage compare "The capital of France is" --models gpt-1,gpt-2 --answer Paris')
def compare(
    prompt: Annotated[str | None, typer.Argument(help="One prompt for all of them (or --question).")] = None,
    models: Annotated[str | None, typer.Option(help="Names or folders, with commas (default: all that write).")] = None,
    question: Annotated[
        int | None,
        typer.Option(help="Instead of a prompt: a held-out question, marked by the judge; any number is one.", min=0),
    ] = None,
    answer: Annotated[str | None, typer.Option(help="Say how likely each model finds this answer.")] = None,
    reward: Annotated[Path | None, typer.Option(help="A folder with a reward model, which scores every text.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write it to this file (.md, .json or .svg).")] = None,
    max_new_tokens: MaxNewTokens = 48,
    temperature: OwnTemperature = None,
    top_k: TopK = 50,
    top_p: TopP = 1.0,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """One prompt through several models under the same seed, side by side."""
    from ..evaluation.scores import by_judge, by_likelihood, by_reward, exam_question, score_rows
    from ..evaluation.slide import comparison, save_comparison
    from ..inference import load, model_names
    from ..inference.compare import continuations
    from ..paths import user_path

    if (prompt is None) == (question is None):
        raise UserError("Give a prompt, or --question and a number.", "请给出提示，或用 --question 加一个编号。")
    asked = exam_question(question, language()) if question is not None else None
    text = asked.prompt[0]["content"] if asked else prompt or ""
    names = [name.strip() for name in models.split(",") if name.strip()] if models else model_names()
    lms = [load(name) for name in names]
    if models is None:  # a beginning says nothing to those that translate or fill gaps
        lms = [lm for lm in lms if lm.continues]
    if not lms:
        raise UserError("There is no model to compare; name some with --models.", "没有模型可比；请用 --models 指定。")
    chosen = settings(max_new_tokens, temperature, top_k, top_p, seed)
    measures = {}
    if answer is not None:
        measures["likelihood"] = by_likelihood(answer, language())
    if asked is not None:
        measures["judge"] = by_judge(asked, language())
    if reward is not None:
        measures["reward"] = by_reward(user_path(reward), language())
    rows = continuations(lms, text, answered=asked is not None, **chosen)
    if all("error" in row for row in rows):
        raise UserError(rows[0]["error"], rows[0]["error_zh"])
    score_rows(rows, lms, text, measures, replied=asked is not None, lang=language())
    told = comparison(text, chosen, rows)
    if out:
        save_comparison(user_path(out), told, language())
    if as_json:
        return show_json(told)
    if asked:
        Console().print(Text(text))
    heads = ("模型", "年份", "续写", "得分") if zh() else ("model", "year", "continuation", "score")
    scored = any("score" in row for row in rows)
    table = Table(*(Column(head, overflow="fold") for head in heads[: 3 + scored]))  # Chinese has no spaces to wrap at
    for row in rows:
        # Text, not str: what a model wrote may look like markup.
        cells = [row["model"], plain(row["year"]), row.get("text") or explain_row(row), row.get("score", "")]
        table.add_row(*map(Text, cells[: 3 + scored]))
    Console().print(table)


def explain_row(row: dict[str, Any]) -> str:
    return f"[{row['error_zh' if zh() else 'error']}]" if "error" in row else ""


@app.command(epilog="Example: gptlineage chat chatgpt")
def chat(
    model: Annotated[str, typer.Argument(help="A released name or a run directory.")] = "chatgpt",
    max_new_tokens: MaxNewTokens = 120,
    temperature: Temperature = 0.5,
    top_k: TopK = 50,
    top_p: TopP = 1.0,
    seed: Seed = None,
) -> None:
    """A conversation in the terminal; /clear starts afresh, /quit or Ctrl-D ends it."""
    from ..inference import load_language_model
    from ..inference.terminal import converse

    converse(load_language_model(model), settings(max_new_tokens, temperature, top_k, top_p, seed), language())


@app.command(epilog="Example: gptlineage studio --port 7861 --lang zh")
def studio(
    host: Annotated[str, typer.Option(help="The address to listen on; by default this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 7860,
    lang: Annotated[str | None, typer.Option(help="en or zh (default: what the browser asks for).")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    data: Annotated[list[Path] | None, typer.Option(help="A text or folder to train on; may be given again.")] = None,
) -> None:
    """Open the studio in the browser: chat, compare, vote, look inside, train, and read the story."""
    from ..paths import import_app, user_path

    if lang not in (None, "en", "zh"):
        raise UserError(f"Unknown language {lang!r}; use en or zh.", f"未知语言 {lang!r}；请用 en 或 zh。")
    import_app("studio").serve(
        host=host, port=port, lang=lang, open_browser=browser, data=[user_path(path) for path in data or ()]
    )
