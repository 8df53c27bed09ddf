"""The command line: one verb per subcommand, no logic of its own.

Every error that a person can put right ends in one line on stderr, in their language, and a non-zero exit.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .errors import UserError, explain, language, unknown

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="How attention became ChatGPT: train, sample, compare and chat with miniatures of the GPT family.",
)
# Typer has carried a copy of click of its own since 0.26: whichever it is, this is its class for a wrong command line.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
Temperature = Annotated[float, typer.Option(help="0 takes the likeliest token; higher is bolder.")]
OwnTemperature = Annotated[
    float | None,
    typer.Option(help="0 takes the likeliest token; higher is bolder. Usually 0.8, and a translation is searched for."),
]
TopK = Annotated[int, typer.Option(help="Keep only the k likeliest tokens; 0 keeps all.")]
TopP = Annotated[float, typer.Option(help="Keep the likeliest tokens that together hold this probability.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same text.")]
MaxNewTokens = Annotated[int, typer.Option(help="How many tokens to write at most.")]


def show_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2))


def zh() -> bool:
    return language() == "zh"


@app.command("list", epilog="Example: gptlineage list --json")
def list_generations(as_json: Json = False) -> None:
    """The generations, oldest first, and which of them have released weights."""
    from .inference import model_names
    from .lineage import generations

    released = model_names()
    rows: list[dict[str, Any]] = [
        {
            "name": g.name,
            "year": g.year,
            "parent": g.parent,
            "sizes": list(g.sizes),
            "released": g.name in released,
            "news": g.news.in_language(language()),
        }
        for g in generations()
    ]
    if as_json:
        return show_json(rows)
    headers = ("世代", "年份", "权重", "变化") if zh() else ("generation", "year", "weights", "what changed")
    table = Table(*headers)
    for row in rows:
        weights = ("有", "—")[not row["released"]] if zh() else ("yes", "—")[not row["released"]]
        table.add_row(row["name"], str(row["year"]), weights, row["news"])
    Console().print(table)


@app.command(epilog="Example: gptlineage show gpt-2 --size xl")
def show(
    gen: Annotated[str, typer.Argument(help="A generation, such as gpt-2.")],
    size: Annotated[str, typer.Option(help="mini, or a size that the paper published.")] = "mini",
    as_json: Json = False,
) -> None:
    """One generation: its configuration at a size, its parameters, its stages and its paper's claims."""
    from .lineage import generation
    from .lineage.describe import describe

    record = describe(generation(gen), size, language())
    if as_json:
        return show_json(record)
    console = Console()
    console.print(f"[bold]{record['title']}[/bold] ({record['year']})  {record['paper']}", highlight=False)
    console.print(record["news"], highlight=False)
    table = Table(show_header=False)
    for name in ("size", "sizes", "n_parameters", "corpus", "stages"):
        value = record[name]
        table.add_row(name, f"{value:,}" if isinstance(value, int) else plain(value))
    for name, value in record["config"].items():
        table.add_row(name, plain(value))
    console.print(table)
    for claim in record["claims"]:
        console.print(f"  {claim['text']} ({claim['source']})", highlight=False)


@app.command(epilog="Example: gptlineage diff gpt-1 gpt-2")
def diff(
    old: Annotated[str, typer.Argument(help="The earlier generation.")],
    new: Annotated[str, typer.Argument(help="The later generation.")],
    as_json: Json = False,
) -> None:
    """What changed between two generations, read from their configurations."""
    from .lineage import diff as difference
    from .lineage import generation

    rows = difference(generation(old), generation(new))
    if as_json:
        return show_json({name: {"old": a, "new": b} for name, (a, b) in rows.items()})
    table = Table("改变" if zh() else "what changed", old, new)
    for name, (before, after) in rows.items():
        table.add_row(name, plain(before), plain(after))
    Console().print(table)


def plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "—" if value is None else str(value)


@app.command(epilog="Example: gptlineage train gpt-2 --quick --out runs/gpt-2")
def train(
    gen: Annotated[str, typer.Argument(help="A generation, or 'all' for every one in order.")],
    size: Annotated[str, typer.Option(help="mini, or a size that the paper published.")] = "mini",
    data: Annotated[str, typer.Option(help="world, world:web, or a UTF-8 text file or folder.")] = "world",
    out: Annotated[Path | None, typer.Option(help="The run directory (default: runs/GEN).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run was.")] = False,
    steps: Annotated[int | None, typer.Option(help="Updates per stage, instead of the recipe's.", min=1)] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    quick: Annotated[bool, typer.Option("--quick", help="The short recipe: all of it in half an hour.")] = False,
    optimizer: Annotated[str, typer.Option(help="muon (the miniatures') or adamw (the papers' reference).")] = "muon",
    tokenizer: Annotated[str, typer.Option(help="world, bytes, or a new vocabulary of this size.")] = "world",
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.", min=0, max=2**32 - 1)] = 0,
    parent: Annotated[str | None, typer.Option(help="The model to start from, for those that start from one.")] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say how long it takes and what it needs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the estimate as JSON for other programs.")] = False,
) -> None:
    """Train a generation; Ctrl-C stops it cleanly and --resume goes on exactly there."""
    from .lineage import generation, generations
    from .lineage.plan import make_plan
    from .lineage.run import Options, starting_from, train_generation
    from .training import choose_device
    from .training.progress import ProgressBar

    chosen = generations() if gen == "all" else (generation(gen),)
    base = out or (Path("runs") if gen == "all" else Path("runs") / gen)
    options = Options(
        size=size,
        data=data,
        tokenizer=tokenizer,
        quick=quick,
        optimizer=optimizer,
        steps=steps,
        seed=seed,
        device=choose_device(device),
        resume=resume,
    )
    for one in chosen:
        one.config(size)  # a size that a later generation lacks is said before the first is trained
    start = None
    if parent is not None:
        if gen == "all":
            raise UserError("--parent goes with one generation.", "--parent 只能与单独一代同用。")
        one, start = starting_from(chosen[0], parent)
        chosen = (one,)
    if estimate:
        plans = [make_plan(one, base, options, parent=start) for one in chosen]
        return show_json([plan.to_dict() for plan in plans]) if as_json else show_plans(plans)
    for one in chosen:
        place = base / one.name if gen == "all" else base
        with contextlib.ExitStack() as bars:
            folder = train_generation(
                one, place, options, watch=lambda title: bars.enter_context(ProgressBar(title)), parent=start
            )
        print(f"{one.name}: {folder}")


def show_plans(plans: list[Any]) -> None:
    for plan in plans:
        print(f"{plan.generation}: {plan.sentence().in_language(language())}")


@app.command(epilog="Example: gptlineage prefer chatgpt runs/votes.jsonl --out runs/mine")
def prefer(
    model: Annotated[str, typer.Argument(help="The chat model that shall learn: a released name or a run directory.")],
    votes: Annotated[Path, typer.Argument(help="The arena's ballots, a JSONL file.")],
    out: Annotated[Path, typer.Option(help="The run directory.")] = Path("runs/preferred"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run was.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Half as long.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.", min=0, max=2**32 - 1)] = 0,
) -> None:
    """Let a chat model learn from your votes: a reward model first, then DPO on replies which that one ranks."""
    from .lineage.voted import learn_from_votes
    from .training.progress import ProgressBar

    with contextlib.ExitStack() as bars:
        folder = learn_from_votes(
            model, votes, out, seed=seed, quick=quick, resume=resume,
            watch=lambda title: bars.enter_context(ProgressBar(title)),
        )  # fmt: skip
    print(f"{model}: {folder}")


def settings(
    max_new_tokens: int, temperature: float | None, top_k: int, top_p: float, seed: int | None
) -> dict[str, Any]:
    return dict(max_new_tokens=max_new_tokens, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)


@app.command(epilog='Example: gptlineage sample gpt-2 "Once upon a time" --seed 1')
def sample(
    model: Annotated[str, typer.Argument(help="A released name or a run directory.")],
    prompt: Annotated[str, typer.Argument(help="The beginning of a text, a sentence to translate, or gaps: ___.")],
    max_new_tokens: MaxNewTokens = 64,
    temperature: OwnTemperature = None,
    top_k: TopK = 50,
    top_p: TopP = 1.0,
    seed: Seed = None,
    n: Annotated[int, typer.Option(help="How many continuations.", min=1)] = 1,
    as_json: Json = False,
) -> None:
    """Let a model continue a text, translate it, or fill its gaps."""
    from .inference import load

    lm = load(model)
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
    from .inference import load_language_model
    from .inference.inspect import token_reports

    lm = load_language_model(model)
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
    from .evaluation.attention_chart import draw, weights_of
    from .inference import load
    from .inference.attention import look

    lm = load(model)
    views = look(lm, text)
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


@app.command(epilog='Example: gptlineage compare "The capital of France is" --models gpt-1,gpt-2')
def compare(
    prompt: Annotated[str, typer.Argument(help="One prompt for all of them.")],
    models: Annotated[str | None, typer.Option(help="Names or folders, with commas (default: all that write).")] = None,
    max_new_tokens: MaxNewTokens = 48,
    temperature: OwnTemperature = None,
    top_k: TopK = 50,
    top_p: TopP = 1.0,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """One prompt through several models under the same seed, side by side."""
    from .inference import load, model_names
    from .inference.compare import continuations

    names = [name.strip() for name in models.split(",") if name.strip()] if models else model_names()
    lms = [load(name) for name in names]
    if models is None:  # a beginning says nothing to those that translate or fill gaps
        lms = [lm for lm in lms if lm.continues]
    if not lms:
        raise UserError("There is no model to compare; name some with --models.", "没有模型可比；请用 --models 指定。")
    rows = continuations(lms, prompt, **settings(max_new_tokens, temperature, top_k, top_p, seed))
    if all("error" in row for row in rows):
        raise UserError(rows[0]["error"], rows[0]["error_zh"])
    if as_json:
        return show_json({"prompt": prompt, "seed": seed, "rows": rows})
    table = Table("模型" if zh() else "model", "年份" if zh() else "year", "续写" if zh() else "continuation")
    for row in rows:
        # Text, not str: what a model wrote may look like markup.
        table.add_row(Text(row["model"]), str(row["year"]), Text(row.get("text") or explain_row(row)))
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
    from .inference import load_language_model
    from .inference.terminal import converse

    converse(load_language_model(model), settings(max_new_tokens, temperature, top_k, top_p, seed), language())


@app.command(epilog="Example: gptlineage studio --port 7861 --lang zh")
def studio(
    host: Annotated[str, typer.Option(help="The address to listen on; by default this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 7860,
    lang: Annotated[str | None, typer.Option(help="en or zh (default: what the browser asks for).")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    data: Annotated[list[Path] | None, typer.Option(help="A text or folder to train on; may be given again.")] = None,
) -> None:
    """Open the studio in the browser: chat and compare."""
    from .paths import import_app, user_path

    if lang not in (None, "en", "zh"):
        raise UserError(f"Unknown language {lang!r}; use en or zh.", f"未知语言 {lang!r}；请用 en 或 zh。")
    import_app("studio").serve(
        host=host, port=port, lang=lang, open_browser=browser, data=[user_path(path) for path in data or ()]
    )


@app.command(epilog="Example: gptlineage exam gpt-1 gpt-2 gpt-3 chatgpt --n 500 --chart exam.png")
def exam(
    models: Annotated[list[str], typer.Argument(help="Released names or run directories.")],
    n: Annotated[int, typer.Option(help="How many questions for each task.", min=1, max=800)] = 500,
    seeds: Annotated[int, typer.Option(help="How often to sample the conversation questions.", min=1)] = 3,
    items: Annotated[Path | None, typer.Option(help="A folder of GPT-3's own items (*.jsonl).")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw the figures to this picture (.png or .svg).")] = None,
    as_json: Json = False,
) -> None:
    """The held-out exam: loss by kind of text, tasks without and with examples, instructions, conversation."""
    from .evaluation import report, write_results
    from .evaluation.exam import ask_all, baselines, take, write_sheet
    from .inference import load_language_model
    from .world import World

    if items is not None and not any(items.glob("*.jsonl")):
        raise UserError(
            f"{items} holds no *.jsonl items; name another folder.", f"{items} 中没有 *.jsonl 考题；请换一个文件夹。"
        )
    lms, world = [load_language_model(name) for name in models], World()
    console, rows = Console(stderr=True), list[dict[str, Any]]()
    with console.status("questions"):
        sheet = write_sheet(world, n, items)
    generations = [lm.provenance.get("generation", lm.name) for lm in lms]
    for lm, generation in zip(lms, generations, strict=True):
        name = generation if generations.count(generation) == 1 else lm.name
        with console.status(lm.name):
            rows += take(lm, world, sheet, name)
            rows += ask_all(lm, n=min(n, 400), seeds=seeds)
    with console.status("n-gram"):
        rows += baselines(lms[0].tokenizer, world, sheet)
    command = "gptlineage exam " + " ".join(models) + f" --n {n} --seeds {seeds}" + (" --items ITEMS" if items else "")
    if out:
        training_seeds = sorted({lm.provenance["seed"] for lm in lms if "seed" in lm.provenance})
        write_results(out, command, rows, seeds=training_seeds)
    if chart:
        report.chart(rows, chart)
    if as_json:
        return show_json(rows)
    headers, lines = report.table(rows)
    shown = Table(*headers)
    for line in lines:
        shown.add_row(*map(Text, line))
    Console().print(shown)


def complain(message: str) -> None:
    """One line on stderr, whatever line breaks a file name or a library put into the message."""
    print(("错误：" if zh() else "error: ") + " ".join(message.split()), file=sys.stderr)


def usage_message(error: Any) -> str:
    """Typer's own complaints about the command line, with their commonest kinds in Chinese too."""
    message = error.format_message()
    if zh():
        message = {
            "NoSuchOption": "没有这个选项：",
            "MissingParameter": "缺少参数：",
            "BadParameter": "参数无效：",
        }.get(type(error).__name__, "命令有误：") + message
        return message + "（加 --help 查看用法）"
    return message + " (--help shows the usage)"


def main() -> None:
    """The entry point: turn every expected failure into one line and an exit code."""
    from .model import ConfigError
    from .training import Interrupted

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a byte that is not text is no reason to stop
    try:
        code = app(None if sys.argv[1:] else ["--help"], standalone_mode=False)
        if code == 130:  # what Typer makes of Ctrl-C
            raise KeyboardInterrupt
        sys.stdout.flush()
    except (UserError, ConfigError) as error:
        complain(explain(error))
        code = 2
    except UsageError as error:
        complain(usage_message(error))
        code = 2
    except Interrupted as stop:
        complain(
            f"已在第 {stop.step} 步停止；加 --resume 继续。"
            if zh()
            else f"stopped at step {stop.step}; the same command with --resume goes on."
        )
        code = 130
    except (KeyboardInterrupt, typer.Abort, EOFError):
        complain("已停止。" if zh() else "stopped.")
        code = 130
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        complain(f"{error.filename or ''} {error.strerror or error}".strip())
        code = 1
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
