"""The expected order is read from the rows, and overlapping seeds do not count as an order."""

from gptlineage.evaluation.exam import findings


def row(model, task, k, value, seed, metric="accuracy", family="sums"):
    return {
        "model": model, "task": task, "k": k, "value": value, "seed": seed, "metric": metric, "family": family,
    }  # fmt: skip


def held(rows):
    return {found["expectation"]: found["holds"] for found in findings(rows)}


def test_a_lower_loss_holds_only_where_the_seeds_do_not_overlap():
    bits = {"gpt-1": (1.0, 1.2), "gpt-2": (0.8, 0.9), "gpt-3": (0.7, 0.85)}
    rows = [
        row(model, "common text", 0, value, seed, "bits per byte", "loss")
        for model, values in bits.items()
        for seed, value in enumerate(values)
    ]
    assert list(held(rows).values()) == [True, False]


def test_families_leave_out_the_control_and_examples_compare_the_same_tasks():
    rows = []
    for seed in (0, 1):
        for model, zero, four in (("gpt-1", 0.1, 0.1), ("gpt-2", 0.2, 0.25), ("gpt-3", 0.3, 0.6)):
            rows += [row(model, "sums, 1 digit", k, value, seed) for k, value in ((0, zero), (4, four))]
            rows.append(row(model, "list, letters", 4, four, seed, family="lists"))
            rows.append(row(model, "last word, passage hidden", 0, 0.9 - zero, seed, family="last word"))
            rows.append(row(model, "only with examples", 4, 1 - four, seed, family="other"))
    found = {r["expectation"]: r for r in findings(rows)}
    sums = found["gpt-2 beats gpt-1 without examples: sums (accuracy)"]
    assert sums["holds"] and sums["gpt-2"] == [0.2, 0.2, 0.2]
    assert not any("last word" in expectation for expectation in found)
    few = next(r for e, r in found.items() if "beats itself" in e)
    assert few["K=0"][0] == 0.3 and few["K=4"][0] == 0.6 and few["holds"]
    assert next(r for e, r in found.items() if "beats gpt-2 with four" in e)["holds"]


def test_instructions_are_compared_with_the_best_base_model():
    scores = {"gpt-1": 0.0, "gpt-2": 0.1, "gpt-3": 0.5, "chatgpt": 0.4}
    rows = [row(model, "asked: all kinds", 0, value, 0, family="instructions") for model, value in scores.items()]
    assert list(held(rows).values()) == [False]
    better = [{**r, "value": 0.6} if r["model"] == "chatgpt" else r for r in rows]
    assert list(held(better).values()) == [True]
    both = held([*better, row("gpt-3.5", "asked: all kinds", 0, 0.45, 0, family="instructions")])
    assert list(both.values()) == [False, True]
