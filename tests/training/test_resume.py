"""A run that was stopped, killed or out of disk space goes on exactly where its last checkpoint was."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from gptlineage.training import Interrupted, Pretraining, loop, train
from gptlineage.training import resume as resume_module
from gptlineage.training.optimizer import make_optimizers
from gptlineage.training.resume import RESUME, load_resume
from tests.tiny import complaint, tiny_model
from tests.training.runs import STEPS, events, losses, objective, recipe, run, stop_at

ROOT = Path(__file__).parents[2]
CHOICES = [
    dict(),
    dict(optimizer="muon", schedule="flat", final_lr=0.0),
    dict(dropout=0.3),
    dict(optimizer="muon", dropout=0.2, accumulation=2),
]


def whole(folder: Path, **choices) -> list[tuple[int, float]]:
    run(folder, **choices)
    assert [step for step, _ in losses(folder)] == list(range(1, STEPS + 1))
    return losses(folder)


@pytest.mark.parametrize("choices", CHOICES)
def test_a_stopped_run_goes_on_exactly(choices, tmp_path):
    expected = whole(tmp_path / "whole", **choices)
    place = tmp_path / "stopped"
    with pytest.raises(Interrupted) as stop:
        run(place, watch=stop_at(3), **choices)
    assert (stop.value.step, stop.value.folder) == (3, place)
    with pytest.raises(Interrupted):
        run(place, resume=True, model_seed=5, watch=stop_at(8, signal.SIGTERM), **choices)
    state = run(place, resume=True, model_seed=6, **choices)
    assert losses(place) == expected
    assert (state.step, state.tokens) == (STEPS, STEPS * 4 * 24)
    assert [e["val_loss"] for e in events(place) if "val_loss" in e] == [
        e["val_loss"] for e in events(tmp_path / "whole") if "val_loss" in e
    ]


@pytest.mark.parametrize(("moment", "choices"), [("between steps", CHOICES[0]), ("while saving", CHOICES[3])])
def test_a_killed_run_goes_on_exactly(moment, choices, tmp_path):
    expected = whole(tmp_path / "whole", **choices)
    place = tmp_path / "killed"
    command = f"from tests.training.runs import die; die({str(place)!r}, {moment!r}, **{choices!r})"
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (place / RESUME).exists()
    assert len(losses(place)) < STEPS
    run(place, resume=True, model_seed=7, **choices)
    assert losses(place) == expected


def test_the_weights_are_the_same_too(tmp_path):
    models = {}
    for name in ("whole", "stopped"):
        models[name] = tiny_model()
        arguments = (objective(tmp_path / name), recipe(optimizer="muon"), tmp_path / name)
        if name == "stopped":
            with pytest.raises(Interrupted):
                train(models[name], *arguments, watch=stop_at(5))
            models[name] = tiny_model(9)
        train(models[name], *arguments, resume=name == "stopped")
    for left, right in zip(models["whole"].parameters(), models["stopped"].parameters(), strict=True):
        assert torch.equal(left, right)


def test_evaluation_does_not_disturb_training(tmp_path):
    assert whole(tmp_path / "often", dropout=0.3, eval_every=1) == whole(tmp_path / "never", dropout=0.3, eval_every=99)


def test_a_stop_at_the_last_step_is_a_finished_run(tmp_path):
    assert run(tmp_path, watch=stop_at(STEPS)).step == STEPS


def test_a_second_ctrl_c_stops_at_once(tmp_path):
    def impatient(event):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, watch=impatient)
    assert signal.getsignal(signal.SIGINT) == before


def test_resuming_where_nothing_is_starts_afresh(tmp_path):
    assert run(tmp_path, resume=True).step == STEPS


class Diverging(Pretraining):
    def loss(self, model, step, part, parts):
        loss, tokens = super().loss(model, step, part, parts)
        return (loss * torch.nan if step == 4 else loss), tokens


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY_SECONDS", 0.0)
    model = tiny_model()
    with complaint("loss became nan at step 4; lower the learning rate"):
        train(model, objective(tmp_path, Diverging), recipe(), tmp_path)
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    assert load_resume(tmp_path, tiny_model(3), make_optimizers(tiny_model(3), recipe()), "cpu").step == 4
    expected = whole(tmp_path / "whole")
    run(tmp_path, resume=True)
    assert losses(tmp_path) == expected


def full_disk(kind: str):
    if kind == "OSError":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise SafetensorError('Error while serializing: I/O error: Os { code: 28, message: "No space left on device" }')


@pytest.mark.parametrize("kind", ["OSError", "SafetensorError"])
def test_a_full_disk_is_said_and_the_previous_checkpoint_is_intact(kind, tmp_path, monkeypatch):
    expected = whole(tmp_path / "whole")
    monkeypatch.setattr(loop, "SAVE_EVERY_SECONDS", 0.0)
    save, calls = resume_module.save_file, []

    def fill_up(tensors, path, metadata):
        calls.append(path)
        if len(calls) == 6:
            path.write_bytes(b"half a file")
            full_disk(kind)
        save(tensors, path, metadata=metadata)

    with monkeypatch.context() as patched:
        patched.setattr(resume_module, "save_file", fill_up)
        with complaint("disk is full"):
            run(tmp_path)
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part"))
    assert load_resume(tmp_path, tiny_model(3), make_optimizers(tiny_model(3), recipe()), "cpu").step == 5
    run(tmp_path, resume=True)
    assert losses(tmp_path) == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_log_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / loop.LOG).symlink_to("/dev/full")
    with complaint("disk is full: .*log.jsonl"):
        run(tmp_path)


def stopped(folder: Path) -> Path:
    with pytest.raises(Interrupted):
        run(folder, watch=stop_at(3))
    return folder / RESUME


def test_another_recipe_is_refused(tmp_path):
    stopped(tmp_path)
    with complaint("another recipe"):
        run(tmp_path, resume=True, lr=1e-4)


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, None])
def test_a_damaged_resume_file_is_refused(damage, tmp_path):
    path = stopped(tmp_path)
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    with complaint("missing or damaged|does not belong"):
        run(tmp_path, resume=True)


def test_another_models_resume_file_is_refused(tmp_path):
    stopped(tmp_path)
    with complaint("does not belong to this run"):
        train(tiny_model(n_layers=1), objective(tmp_path), recipe(), tmp_path, resume=True)
