"""Checkpoints: whole or refused, replaced in one step, and never a pickle."""

from __future__ import annotations

import errno
import json
import pickle
from pathlib import Path

import pytest
import torch

from gptlineage.inference import checkpoint, load, load_model
from gptlineage.text import Tokenizer
from tests.tiny import complaint, save_tiny, tiny_model

FILES = ("config.json", "model.safetensors", "tokenizer.json", "provenance.json")


@pytest.fixture
def folder(tmp_path) -> Path:
    return save_tiny(tmp_path / "model", spread=0.2)


def test_a_model_comes_back_as_it_was(folder):
    model, ids = tiny_model(spread=0.2), torch.arange(20)[None]
    lm = load(folder)
    assert torch.equal(lm.model(ids), model(ids))
    assert lm.config == model.config
    assert lm.provenance["generation"] == "gpt-2"
    assert not lm.model.training
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "README.md"])


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    with complaint("no finished model|missing|cannot be read"):
        load(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("keep", [0, 7, 0.5, -1])
def test_a_truncated_file_is_refused(folder, name, keep):
    content = (folder / name).read_bytes().rstrip()
    (folder / name).write_bytes(content[: int(len(content) * keep) if keep == 0.5 else keep])
    with complaint("damaged|cannot be read"):
        load(folder)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        (dict(format=2), "another version"),
        (dict(format=None), "another version"),
        (dict(n_layers=1), "do not fit"),
        (dict(d_model=32), "do not fit"),
        (dict(d_model="16"), "do not fit"),
        (dict(attention=7), "do not fit"),
        (dict(n_heads=3), "do not fit"),
        (dict(rotary=True), "do not fit"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(folder, changes, match):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
    with complaint(match):
        load(folder)


@pytest.mark.parametrize("content", ["[]", "null", "{", "\ufeff{}", "3"])
def test_json_of_another_kind_is_refused(folder, content):
    for name in ("config.json", "provenance.json"):
        before = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(content, encoding="utf-8")
        with complaint("cannot be read"):
            load(folder)
        (folder / name).write_text(before, encoding="utf-8")
    assert load(folder)


def test_another_models_tokenizer_is_refused(folder):
    Tokenizer([b"th"]).save(folder)
    with complaint("has 266 entries, but its model 265"):
        load(folder)


class Bomb:
    """What a malicious pickle does on loading: here it only leaves a file."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_no_pickle_is_ever_loaded(folder, tmp_path, monkeypatch):
    mark = tmp_path / "boom"
    for name in ("model.pt", "model.bin", "pytorch_model.bin", "model.pkl", "resume.pt", "training_args.bin"):
        (folder / name).write_bytes(pickle.dumps(Bomb(mark)))
    monkeypatch.setattr(torch, "load", None)
    load(folder)
    (folder / "model.safetensors").unlink()
    with complaint("missing"):
        load(folder)
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb(mark)))
    with complaint("damaged"):
        load_model(folder)
    assert not mark.exists()
    pickle.loads((folder / "model.pt").read_bytes())
    assert mark.exists()  # the bomb would have worked


@pytest.mark.parametrize("fatal", [1, 2, 3, 4])
def test_a_save_that_is_cut_off_leaves_the_old_model_or_none(fatal, tmp_path, monkeypatch):
    """`config.json` is the sign of a finished model, so that nobody takes half a model for a whole one."""
    old = save_tiny(tmp_path / "old", seed=1)
    before = {path.name: path.read_bytes() for path in old.iterdir()}
    replace = checkpoint.os.replace
    for place in (old, tmp_path / "new"):
        calls = []

        def fail(source, target, calls=calls):
            calls.append(target)
            if len(calls) == fatal:
                raise OSError(errno.ENOSPC, "No space left on device")
            replace(source, target)

        with monkeypatch.context() as patched:
            patched.setattr(checkpoint.os, "replace", fail)
            with complaint("disk is full"):
                save_tiny(place, seed=2)
        assert not list(place.glob(".*.part"))
    assert not (tmp_path / "new" / "config.json").exists()
    assert (old / "config.json").read_bytes() == before["config.json"]
    assert load(old)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with complaint("cannot be written.*--out"):
        save_tiny(tmp_path / "file" / "model")


def test_weights_are_written_whole_or_not_at_all(folder, monkeypatch):
    def half(tensors, path, **_):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", half)
    with complaint("disk is full"):
        save_tiny(folder, seed=3)
    ids = torch.arange(20)[None]
    assert torch.equal(load(folder).model(ids), tiny_model(spread=0.2)(ids))
