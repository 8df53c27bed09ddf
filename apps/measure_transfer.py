"""GPT-1's experiment again: does a body that has read unlabelled text need fewer labels, and which parts of it help?

    python apps/measure_transfer.py runs/transfer     writes data/results/transfer.json and transfer.png

The released GPT-1 miniature cannot tell where things are (the exam's "last word" is at chance), so there is nothing in
it that these tasks could use. The body that is fine-tuned here has four layers, with GPT-2's norm before each sub-layer
(with GPT-1's behind it the same body learnt more slowly), and has read other text: notes on where things are, reviews
without their verdict, pages of books. An LSTM of equal size reads the same tokens. Whatever is done already is not done
again, so a stopped measurement goes on where it was.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import torch

import gptlineage as gl
from gptlineage.corpus import prepare
from gptlineage.evaluation import transfer, write_results
from gptlineage.evaluation.transfer import Bench, Body
from gptlineage.evaluation.transfer_chart import chart
from gptlineage.lineage.records import resized
from gptlineage.lineage.run import Options, open_tokenizer
from gptlineage.model import Config, RecurrentConfig
from gptlineage.paths import data_dir
from gptlineage.training import Pretraining, Recipe, train
from gptlineage.world.labels import Labels, labels_fingerprint

SEEDS = [0, 1, 2]
STEPS, BATCH, N_CTX, N_LAYERS = 1800, 16, 128, 4
TRANSFORMER = Recipe(
    steps=STEPS, batch_size=BATCH, optimizer="muon", lr=6e-3, matrix_lr=0.02, schedule="flat", final_lr=0.0,
    eval_every=STEPS,
)  # fmt: skip
LSTM = replace(TRANSFORMER, optimizer="adamw", lr=2e-3)
# Written-out attention in bfloat16 is three times as fast here even at this width; elsewhere, try float32.
PRECISION = {"Transformer": "bfloat16", "LSTM": "float32"}


@dataclass
class Unlabelled:
    """The text of pretraining as a source of the corpus."""

    labels: Labels
    name = "world:unlabelled"
    endless = True

    def pieces(self, split: str) -> Iterator[tuple[str, bool]]:
        for page in self.labels.pages(0, "train" if split == "train" else "held-out"):
            yield page, True

    def fingerprint(self) -> str:
        return f"{self.name}:seed=0:{labels_fingerprint()[:16]}"


def lstm_like(config: Any) -> RecurrentConfig:
    """The LSTM language model whose weights are as many as those of the stack, to within one unit of width."""
    wanted, found = gl.build(config).n_parameters, None
    for width in range(16, 4096):
        sizes = RecurrentConfig(
            kind="lm", d_embed=config.d_model, d_hidden=width, n_ctx=config.n_ctx, vocab_size=config.vocab_size
        )
        with torch.device("meta"):
            larger = gl.build(sizes).n_parameters > wanted
        if larger:
            break
        found = sizes
    assert found
    return found


def pretrain(network: str, config: Config, labels: Labels, folder: Path) -> tuple[Body, dict[str, Any]]:
    """The body, trained or found in the folder, and a row that says how."""
    tokenizer, recipe = open_tokenizer(Options()), TRANSFORMER if network == "Transformer" else LSTM
    torch.manual_seed(0)
    body: Any = gl.build(config)
    torch.nn.init.normal_(body.tokens.weight, std=0.1)  # as loud as the embeddings become: a sooner start
    corpus = prepare(
        Unlabelled(labels), tokenizer, folder / "corpus",
        train_tokens=(STEPS * BATCH + 2) * N_CTX, val_tokens=32_768, n_ctx=N_CTX,
    )  # fmt: skip
    objective = Pretraining(*corpus, tokenizer, batch_size=BATCH, n_ctx=N_CTX, prompts=())
    state = train(body, objective, recipe, folder / network, resume=True, precision=PRECISION[network])
    with torch.inference_mode():
        loss = objective.evaluate(body.eval())["val_loss"]
    row = {
        "model": network, "task": "pretraining", "metric": "held-out loss, nats per token", "value": round(loss, 4),
        "tokens": state.tokens, "seconds": round(state.seconds), "n_parameters": body.n_parameters, "seed": 0,
        "config": config.to_dict(), "recipe": recipe.to_dict(),
    }  # fmt: skip
    return body, row


class Notebook:
    """The rows so far, one JSON object a line, each under the key of what was measured."""

    def __init__(self, path: Path):
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.rows: dict[str, dict[str, Any]] = dict(json.loads(line) for line in lines)

    def once(self, key: str, measure: Any) -> dict[str, Any]:
        if key not in self.rows:
            self.rows[key] = measure()
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([key, self.rows[key]], ensure_ascii=False) + "\n")
            print(key, self.rows[key]["value"], flush=True)
        return self.rows[key]


def main(folder: Path) -> None:
    """Pretrain, ask the bodies, choose the rates, then measure arm by arm; written down after every seed."""
    torch.set_num_threads(1)
    labels, results = Labels(), data_dir() / "results"
    config = resized(gl.generation("gpt-2").config(), dict(n_layers=N_LAYERS, d_model=96, n_heads=3, n_ctx=N_CTX))
    made = {
        network: pretrain(network, own, labels, folder)
        for network, own in (("Transformer", config), ("LSTM", lstm_like(config)))
    }
    bench = Bench({network: body for network, (body, _) in made.items()}, labels, open_tokenizer(Options()), PRECISION)
    rows = [row for _, row in made.values()] + transfer.gate_rows(bench)
    for row in rows:
        print(row["model"], row["task"], row["metric"], row["value"], flush=True)
    book = Notebook(folder / "arms.jsonl")
    tried = [
        book.once(f"validation, {arm} at {lr}", lambda arm=arm, lr=lr: bench.measure(arm, lr, validation=True))
        for arm, lr in transfer.trials(SEEDS[0], N_LAYERS)
    ]
    rates, found = transfer.chosen_rates(tried), list[dict[str, Any]]()
    rows += tried
    for number, seed in enumerate(SEEDS, 1):
        for arm in transfer.arms(seed, N_LAYERS):
            lr = transfer.rate_of(arm, rates)
            found.append(book.once(f"{arm} at {lr}", lambda arm=arm, lr=lr: bench.measure(arm, lr)))
        controls = transfer.control_rows(bench, SEEDS[:number])
        command = "python apps/measure_transfer.py runs/transfer"
        write_results(results / "transfer.json", command, [*rows, *found, *controls], seeds=SEEDS[:number])
    chart([*found, *controls], results / "transfer.png")
    for key, values in summary(found).items():
        print(*key, f"{mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")


def summary(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], list[float]]:
    """Every arm's accuracies over the seeds."""
    found: dict[tuple[Any, ...], list[float]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("task", "network", "layers", "labels", "auxiliary", "steps"))
        found.setdefault(key, []).append(row["value"])
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
