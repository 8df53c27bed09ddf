"""The command line: every verb, JSON for programs, one clear line for every mistake, an interrupted training."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gptlineage import __version__, build, cli, generations
from gptlineage.cli.learning import show_plans
from gptlineage.inference import engine, save_model
from gptlineage.lineage.plan import Plan
from gptlineage.model import RecurrentConfig
from tests.tiny import BYTES, save_tiny
from tests.training.runs import events, losses

VERBS = sorted(command.name or command.callback.__name__ for command in cli.app.registered_commands)


@pytest.fixture
def call(monkeypatch, capsys):
    """Run a command in this process: (exit code, stdout, stderr)."""

    def run(*arguments, lang: str = "en") -> tuple[int, str, str]:
        monkeypatch.setenv("GPTLINEAGE_LANG", lang)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        monkeypatch.setattr(sys, "argv", ["gptlineage", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return run


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with two models, some text, and files that are no text."""
    root = tmp_path_factory.mktemp("place")
    save_tiny(root / "base", spread=0.2, n_ctx=48)
    save_tiny(root / "chatty", ("pretrain", "sft"), spread=0.2, n_ctx=48)
    text = "".join(f"On day {i} the fox met {i * 7} crows. 狐狸说你好。\n" for i in range(120))
    (root / "story.txt").write_text(text, encoding="utf-8")
    (root / "gb.txt").write_bytes(text.encode("gb18030"))
    (root / "zeros.bin").write_bytes(b"\0" * 5000)
    (root / "short.txt").write_text("Too short.", encoding="utf-8")
    (root / "empty").mkdir()
    (root / "stopped" / "pretrain").mkdir(parents=True)
    (root / "stopped" / "pretrain" / "resume.safetensors").touch()
    return root


@pytest.mark.parametrize("verb", VERBS)
def test_every_verbs_help_has_an_example(verb, call):
    code, out, err = call(verb, "--help")
    assert (code, err) == (0, "")
    assert f"Example: gptlineage {verb}" in " ".join(out.split())


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_names_every_verb(arguments, call):
    code, out, err = call(*arguments)
    assert (code, err) == (0, "")
    assert all(verb in out for verb in VERBS)


def test_the_promised_verbs_are_there():
    assert {"list", "show", "diff", "train", "sample", "compare", "chat", "studio", "exam", "prefer"} <= set(VERBS)


def test_list_as_json(call):
    code, out, _ = call("list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["name"] for row in rows] == [g.name for g in generations()]
    assert {"name", "year", "parent", "sizes", "released", "news"} <= set(rows[0])


def test_show_as_json(call):
    code, out, _ = call("show", "gpt-2", "--size", "xl", "--json")
    record = json.loads(out)
    assert code == 0
    assert record["n_parameters"] == 1_557_611_200
    assert record["config"]["n_layers"] == 48


def test_diff_as_json(call):
    code, out, _ = call("diff", "gpt-1", "gpt-2", "--json")
    assert code == 0
    assert json.loads(out)["norm"] == {"old": "post", "new": "pre"}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("arguments", [("list",), ("show", "gpt-3"), ("diff", "gpt-2", "gpt-3")])
def test_tables_for_people(arguments, lang, call):
    code, out, err = call(*arguments, lang=lang)
    assert (code, err) == (0, "")
    assert "gpt" in out.lower()
    assert any("\u4e00" <= character <= "\u9fff" for character in out) == (lang == "zh") or arguments[0] == "show"


def test_inspect(call, place):
    code, out, err = call("inspect", place / "base", "猫 [red]", "--top", 2)
    assert code == 0 and err == "" and "⟨E7⟩" in out and "[" in out and "␣" in out and "<|endoftext|>" in out
    code, out, _ = call("inspect", place / "base", "猫", "--top", 2, "--json")
    rows = json.loads(out)["tokens"]
    assert code == 0 and [row.get("id") for row in rows] == [rows[0]["id"], *"猫".encode(), None]
    assert all(len(row["alternatives"]) == 2 for row in rows[1:]) and rows[1]["entropy_bits"] > 0
    assert "熵" in call("inspect", place / "base", "猫", lang="zh")[1]


def test_sample(call, place):
    arguments = ("sample", place / "base", "Once", "--max-new-tokens", 8, "--seed", 3)
    code, out, err = call(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith("Once")
    record = json.loads(call(*arguments, "--json", "--n", 2)[1])
    assert out == "Once" + record["texts"][0] + "\n"
    assert len(set(record["texts"])) == 2
    assert json.loads(call(*arguments, "--json", "--n", 2)[1]) == record


def test_sample_reads_a_pipe_and_says_where_a_chat_model_converses(call, place, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("Once\n"))
    piped = call("sample", place / "base", "-", "--seed", 1, "--max-new-tokens", 5)
    assert piped == call("sample", place / "base", "Once", "--seed", 1, "--max-new-tokens", 5)
    code, out, err = call("sample", place / "chatty", "Once", "--seed", 1, "--max-new-tokens", 5)
    assert code == 0 and out.startswith("Once") and err.count("\n") == 1 and "gptlineage chat" in err


def test_the_version(call):
    assert call("--version") == (0, f"gptlineage {__version__}\n", "")


def test_compare(call, place):
    arguments = ("compare", "Once", "--models", f"{place / 'base'}, {place / 'chatty'}", "--max-new-tokens", 5)
    rows = json.loads(call(*arguments, "--json")[1])["rows"]
    assert [Path(row["model"]).name for row in rows] == ["base", "chatty"]
    assert all("text" in row for row in rows)
    for lang, word in (("en", "continuation"), ("zh", "续写")):
        code, out, err = call(*arguments, lang=lang)
        assert (code, err) == (0, "")
        assert word in out


def test_compare_is_scored_and_saved(call, place, tmp_path):
    models = ("--models", f"{place / 'base'},{place / 'chatty'}", "--max-new-tokens", 5)
    told = json.loads(call("compare", "Once", *models, "--answer", "upon", "--json")[1])
    assert told["version"] and told["date"] and told["settings"]["seed"] == told["seed"] == 0
    assert all(row["scores"]["likelihood"]["nats"] > 0 and "bits per byte" in row["score"] for row in told["rows"])
    judged = json.loads(call("compare", "--question", 7, *models, "--json")[1])
    assert all(set(row["scores"]) == {"judge"} for row in judged["rows"])
    for ending, start in (("md", "> Once"), ("json", "{"), ("svg", "<svg")):
        path = tmp_path / f"slide.{ending}"
        assert call("compare", "Once", *models, "--answer", "upon", "--out", path)[0] == 0
        assert path.read_text(encoding="utf-8").startswith(start)
    for bad, word in ((("--answer", " "), "Give an answer"), (("--reward", tmp_path), "no reward model")):
        code, _, err = call("compare", "Once", *models, *bad)
        assert code != 0 and word in err and "Traceback" not in err


def test_chat(call, place, monkeypatch):
    lines = iter(["Hello", "", "/clear", "x" * 200, "/sytem Be brief.", "/help", "Hello", "/quit"])
    prompts = []
    monkeypatch.setattr("builtins.input", lambda prompt: prompts.append(prompt) or next(lines))
    code, out, err = call("chat", place / "chatty", "--seed", 1, "--max-new-tokens", 5)
    assert (code, err) == (0, "")
    assert len(prompts) == 8 and not any(prompts)  # nobody waits at a pipe
    assert "Forgotten." in out
    assert "No such command" in out and out.count("/quit ends") == 2
    assert "empty" in out
    assert "shorten it" in out


def test_chat_ends_with_its_input(call, place, monkeypatch):
    def end(prompt):
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    assert call("chat", place / "base", lang="zh")[0] == 0
    monkeypatch.setattr("builtins.input", lambda prompt: (_ for _ in ()).throw(KeyboardInterrupt))
    code, _, err = call("chat", place / "base")
    assert (code, err) == (130, "error: stopped.\n")


# Every mistake: what is typed, and a word of the English line. {place} is the fixture's folder.
MISTAKES = {
    "unknown verb": ("frobnicate", "No such command"),
    "unknown option": ("list --frob", "No such option"),
    "missing argument": ("sample {place}/base", "Missing argument"),
    "one argument too many": ("show gpt-2 gpt-3", "unexpected extra"),
    "no number": ("sample {place}/base Once --temperature warm", "temperature"),
    "unknown generation": ("show gpt2", "Did you mean 'gpt-2'"),
    "unknown generation to train": ("train gtp-1", "Did you mean 'gpt-1'"),
    "unknown generation in a diff": ("diff gpt-1 lstm", "There is no generation 'lstm'"),
    "unknown size": ("show gpt-2 --size huge", "There is no size of gpt-2 'huge'"),
    "unknown model": ("sample {place}/none Once", "There is no model"),
    "home of nobody": ("sample ~nobody-has-this-name/m Once", "There is no model"),
    "unfinished model": ("sample {place}/empty Once", "no finished model"),
    "unknown model to compare": ("compare Once --models {place}/base,{place}/none", "There is no model"),
    "no model to compare": ("compare Once --models ,", "no model to compare"),
    "unknown model to chat with": ("chat {place}/none", "There is no model"),
    "empty prompt": ("sample {place}/base ''", "prompt is empty"),
    "blank prompt": ("sample {place}/base '  ' --json", "prompt is empty"),
    "empty prompt to compare": ("compare '' --models {place}/base", "prompt is empty"),
    "empty prompt to compare as JSON": ("compare '' --models {place}/base --json", "prompt is empty"),
    "text to read empty": ("inspect {place}/base ''", "prompt is empty"),
    "text to read too long": ("inspect {place}/base " + "x" * 60, "60 tokens"),
    "no alternatives": ("inspect {place}/base Once --top 0", "'--top'"),
    "prompt too long": ("sample {place}/base " + "x" * 60, "60 tokens"),
    "temperature out of range": ("sample {place}/base Once --temperature 9", "temperature 9.0 is out of range"),
    "temperature that is no number": ("sample {place}/base Once --temperature nan", "out of range"),
    "temperature in compare": ("compare Once --models {place}/base --temperature -1", "out of range"),
    "temperature in chat": ("chat {place}/base --temperature 9", "out of range"),
    "top-p out of range": ("sample {place}/base Once --top-p 0", "top_p"),
    "top-k out of range": ("sample {place}/base Once --top-k -3", "top_k"),
    "no tokens": ("sample {place}/base Once --max-new-tokens 0", "max_new_tokens"),
    "no texts": ("sample {place}/base Once --n 0", "'--n'"),
    "seed too large": ("sample {place}/base Once --seed 99999999999999999999", "seed"),
    "negative seed": ("train gpt-1 --seed -1", "'--seed'"),
    "no steps": ("train gpt-1 --steps 0", "'--steps'"),
    "missing data": ("train gpt-1 --data {place}/none.txt --out {place}/o1 --tokenizer bytes", "There is no file"),
    "data that is not UTF-8": ("train gpt-1 --data {place}/gb.txt --out {place}/o2 --tokenizer bytes", "not UTF-8"),
    "binary data": ("train gpt-1 --data {place}/zeros.bin --out {place}/o3 --tokenizer bytes", "binary"),
    "too little data": ("train gpt-1 --data {place}/short.txt --out {place}/o4 --tokenizer bytes", "too short"),
    "a folder without text": ("train gpt-1 --data {place}/empty --out {place}/o5 --tokenizer bytes", "holds no text"),
    "unknown mixture": ("train gpt-1 --data world:wb --out {place}/o6", "no mixture 'wb'"),
    "unknown tokenizer": ("train gpt-1 --data {place}/story.txt --tokenizer words --out {place}/o7", "tokenizer"),
    "huge vocabulary": ("train gpt-1 --data {place}/story.txt --tokenizer 9999999999 --out {place}/o8", "out of range"),
    "unknown optimizer": ("train gpt-1 --data {place}/story.txt --optimizer sgd --out {place}/o9", "optimizer 'sgd'"),
    "output in a file": ("train gpt-1 --data {place}/story.txt --tokenizer bytes --out {place}/story.txt/o", "--out"),
    "output where a model is": ("train gpt-1 --data {place}/story.txt --out {place}/base", "already holds a run"),
    "output where a run is": ("train gpt-1 --data {place}/story.txt --out {place}/stopped", "--resume"),
    "unknown device": ("train gpt-1 --device tpu", "Unknown device 'tpu'"),
    "port out of range": ("studio --port 70000", "'--port'"),
    "port zero": ("studio --port 0", "'--port'"),
    "unknown language": ("studio --lang fr", "Unknown language 'fr'"),
    "votes that are not there": ("prefer {place}/chatty {place}/none.jsonl --out {place}/p1", "cannot be read"),
    "votes that are none": ("prefer {place}/chatty {place}/story.txt --out {place}/p2", "line 1 is no comparison"),
    "a pupil that does not chat": ("prefer {place}/base {place}/story.txt --out {place}/p3", "never taught to chat"),
    "a pupil that is not there": ("prefer {place}/none {place}/story.txt --out {place}/p4", "There is no model"),
    "unknown model in an exam": ("exam {place}/none", "There is no model"),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_clear_line(mistake, lang, call, place, monkeypatch):
    typed, expected = MISTAKES[mistake]
    monkeypatch.chdir(place)
    arguments = [word.strip("'").replace("{place}", str(place)) for word in split(typed)]
    code, out, err = call(*arguments, lang=lang)
    assert code not in (0, None)
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert "Traceback" not in err
    if lang == "en":
        assert err.startswith("error: ")
        assert expected in err
    else:
        assert err.startswith("错误：")
        assert any("\u4e00" <= character <= "\u9fff" for character in err[3:])
    assert not (place / "runs").exists()


def split(typed: str) -> list[str]:
    """Words, with '' and '  ' kept as one."""
    return typed.replace("'  '", "'\u00a0'").split(" ")


def test_nothing_released_is_said(call, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "models_dir", lambda: tmp_path)
    code, _, err = call("compare", "Once")
    assert code == 2
    assert "no model to compare" in err


@pytest.mark.parametrize("arguments", [("list", "--json"), ("sample", "base", "Once", "--n", "9")])
def test_a_reader_that_goes_away_is_no_crash(arguments, place):
    """What is printed goes to a program that stops reading, as with `| head -1`."""
    command = [sys.executable, "-m", "gptlineage.cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=place) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 1)  # 1 is Typer's, when it notices first


def test_bytes_that_are_no_text_are_no_crash(place):
    """A prompt typed in another encoding, on a terminal that is strict about its own."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "GPTLINEAGE_LANG": "zh"}
    command = [sys.executable, "-m", "gptlineage.cli", "sample", place / "base", b"\xb4\xd3\xc7\xb0", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")


def training(place: Path, out: Path, *more) -> list:
    data = ["--data", place / "story.txt", "--tokenizer", "bytes", "--optimizer", "adamw", "--out", out]
    return ["train", "gpt-1", *data, *more]


def test_train_and_sample(call, place, tmp_path):
    out = tmp_path / "run"
    code, printed, _ = call(*training(place, out, "--steps", 3))
    assert (code, printed.strip().splitlines()[-1]) == (0, f"gpt-1: {out}")
    assert [step for step, _ in losses(out / "pretrain")] == [1, 2, 3]
    code, printed, err = call("sample", out, "On day 4", "--max-new-tokens", 5, "--seed", 1)
    assert (code, err) == (0, "")
    assert printed.startswith("On day 4")
    code, _, err = call(*training(place, out, "--steps", 3))
    assert code == 2
    assert err.startswith("error: ")
    assert "already holds a run" in err
    assert call(*training(place, out, "--steps", 3, "--resume"))[0] == 0


def test_ctrl_c_stops_a_training_cleanly_and_resume_finishes_it(call, place, tmp_path):
    steps, out = 30, tmp_path / "run"
    command = [sys.executable, "-m", "gptlineage.cli", *map(str, training(place, out, "--steps", steps))]
    environment = {**os.environ, "GPTLINEAGE_LANG": "en"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    log = out / "pretrain" / "log.jsonl"
    while process.poll() is None and not (log.exists() and log.read_text(encoding="utf-8").count("\n") >= 3):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert printed.startswith("gpt-1 pretrain  step 0: val loss") and "step 1:" not in printed
    assert "Traceback" not in err
    last = len(losses(out / "pretrain"))
    assert 2 <= last < steps
    # The progress bar has its own line above; the message has the last one to itself.
    assert err.splitlines()[-1] == f"error: stopped at step {last}; the same command with --resume goes on."
    code, _, _ = call(*training(place, out, "--steps", steps, "--resume"))
    assert code == 0
    assert [step for step, _ in losses(out / "pretrain")] == list(range(1, steps + 1))
    assert events(out / "pretrain")[-1]["val_loss"] > 0
    assert call("sample", out, "On day", "--max-new-tokens", 3)[0] == 0


def test_the_ancestors_on_the_command_line(call, tmp_path):
    """What the released translators and BERT make of a sentence; the wrong kind of model is one clear line."""
    code, out, err = call("sample", "transformer", "Tom likes pears.")
    assert (code, err, out.strip()) == (0, "", "汤姆喜欢梨。")
    code, out, _ = call("sample", "rnnsearch", "汤姆喜欢梨。", "--json")
    assert code == 0 and json.loads(out)["texts"] == ["Tom likes pears."]
    code, out, _ = call("sample", "bert", '"Thank you," ___ Anna.')
    assert code == 0 and out.strip() == '"Thank you," said Anna.'
    picture = tmp_path / "attention.svg"
    code, out, _ = call("attention", "rnnsearch", "Tom likes pears.", "--out", picture)
    drawn = picture.read_text(encoding="utf-8")
    assert code == 0 and out.strip() == str(picture) and "汤姆" in drawn and "␣pear" in drawn
    code, out, _ = call("attention", "transformer", "Tom likes pears.", "--kind", "cross", "--json")
    reads = {row["token"]: row["reads"] for row in json.loads(out)["rows"]}
    assert code == 0 and "Tom" in reads["汤姆"]
    code, out, _ = call("compare", "Once upon a time", "--max-new-tokens", 2, "--json")
    assert code == 0 and not {"rnnsearch", "transformer", "bert"} & {row["model"] for row in json.loads(out)["rows"]}


def test_where_a_model_without_attention_looks_is_one_line(call, tmp_path):
    config = RecurrentConfig(d_embed=8, d_hidden=10, d_maxout=5, n_ctx=24, vocab_size=BYTES.vocab_size)
    save_model(tmp_path / "fixed", build(config), BYTES, {"generation": "rnnsearch"}, "# A throw-away model\n")
    for lang, line in (("en", "fixed has no attention"), ("zh", "没有注意力")):
        code, out, err = call("attention", tmp_path / "fixed", "Tom likes pears.", "--kind", "alignment", lang=lang)
        assert (code, out, err.count("\n")) == (2, "", 1) and line in err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("sample", "bert", "no gap"), "no gap to fill"),
        (("sample", "transformer", "Где мяч?"), "cannot read"),
        (("sample", "rnnsearch", "x"), "too little to translate"),
        (("sample", "transformer", "We are here. " * 40), "sentence by sentence"),
        (("chat", "transformer"), "does not continue text"),
        (("diff", "gpt-3", "gpt-3"), "two different generations"),
        (("exam", "bert"), "does not continue text"),
        (("inspect", "rnnsearch", "Tom likes pears."), "gptlineage attention rnnsearch"),
        (("attention", "gpt-2", "Tom", "--kind", "cross"), "no kind of attention"),
        (("attention", "transformer", "Tom likes pears.", "--layer", "9"), "no layer 9"),
        (("attention", "transformer", "Tom likes pears.", "--head", "9"), "no head 9"),
        (("attention", "transformer", "Tom likes pears.", "--out", "attention.gif"), ".png or .svg"),
    ],
)
def test_what_the_ancestors_cannot_do_is_one_line(arguments, line, call):
    for lang in ("en", "zh"):
        code, out, err = call(*arguments, lang=lang)
        assert code == 2 and out == "" and err.count("\n") == 1 and "Traceback" not in err
        assert lang == "zh" or line in err


@pytest.mark.parametrize(("lang", "total"), [("en", "all: 2 to 4 minutes"), ("zh", "共计：2 到 4 分钟")])
def test_the_estimate_of_several_runs_ends_with_their_sum(lang, total, monkeypatch, capsys):
    monkeypatch.setenv("GPTLINEAGE_LANG", lang)
    stages = (("pretrain", 10, (60.0, 120.0)),)
    plans = [Plan(name, "mini", 1000, 300, 10**6, 10**9, stages, first_loss=5.7) for name in ("gpt-1", "gpt-2")]
    show_plans(plans[:1])
    assert len(capsys.readouterr().out.splitlines()) == 1
    show_plans(plans)
    assert capsys.readouterr().out.splitlines()[-1] == total
