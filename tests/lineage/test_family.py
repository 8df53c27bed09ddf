"""The family tree, what changed along it, and the drawings made from configurations."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import gptlineage as gl
from gptlineage.lineage.family import STORY, all_stages, before, changes, family, lesson, side_branches
from gptlineage.lineage.picture import WORDS, picture
from gptlineage.model import ModelConfig

SMALL = dict(n_layers=2, d_model=8, n_heads=2, n_ctx=16, vocab_size=32)


def test_everybody_has_a_parent_in_the_tree_but_the_first() -> None:
    everybody = family()
    names = [one.name for one in everybody]
    assert names[0] == "rnnsearch" and everybody[0].parent is None
    assert all(one.parent in names[:place] for place, one in enumerate(everybody) if place)
    assert [one.year for one in everybody] == sorted(one.year for one in everybody)
    assert {generation.name for generation in gl.generations()} <= set(names)
    assert side_branches() == {"bert"}


@pytest.mark.parametrize("known", gl.generations(), ids=lambda known: known.name)
def test_the_story_and_the_records_agree(known: gl.Generation) -> None:
    told = {one.name: one for one in STORY}[known.name]
    assert (told.year, told.title) == (known.year, known.title)
    assert known.parent in (told.parent, None)


def test_changes_are_the_configurations_own() -> None:
    assert changes("gpt-2")["norm"] == ("post", "pre")
    assert changes("gpt-3.5")["stages"][1] == ("sft", "reward", "ppo")
    assert changes("rnnsearch") == {} == changes("nobody")
    if before("transformer"):
        assert changes("transformer")["network"] == ("recurrent", "attention")
        assert all(None not in pair for pair in changes("transformer").values())


def test_training_is_told_from_random_weights_on() -> None:
    assert all_stages("chatgpt")[0] == ("gpt-3", "pretrain")
    assert [stage for _, stage in all_stages("gpt-3.5")] == ["pretrain", "sft", "reward", "ppo"]
    assert all_stages("nobody") == []


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_norm_stands_where_the_configuration_says() -> None:
    post = picture(ModelConfig(**SMALL, norm="post", final_norm=False))
    pre = picture(ModelConfig(**SMALL, norm="pre", final_norm=True))
    assert texts(post).count("norm") == 2 and texts(pre).count("norm") == 3
    heights = [[m.start() for m in re.finditer("norm<|self-attention<", svg)] for svg in (post, pre)]
    assert ">self-attention<" in post[heights[0][0] - 30 :][:60]  # drawn upwards: attention, then the norm after it
    assert ">norm<" in pre[heights[1][0] - 30 :][:60]


def test_a_decoder_reads_its_encoder_and_masks_are_the_models_own() -> None:
    both = texts(picture(ModelConfig(**SMALL, encoder_layers=2, norm="post", final_norm=False)))
    assert both.count("reads the source") == 1 and both.count("self-attention") == 2
    banded = texts(picture(ModelConfig(**SMALL, attention=("dense", "banded"), band=5)))
    assert {"sees the last 5", "sees all before", "layer 1", "layer 2"} <= set(banded)
    reader = texts(picture(ModelConfig(**SMALL, causal=False, segments=2, embedding_norm=True, output="transform")))
    assert {"segments", "hidden words", "sees everything"} <= set(reader)


def test_only_what_changed_is_marked() -> None:
    config = ModelConfig(**SMALL)
    assert 'class="hot"' not in picture(config)
    assert picture(config, changed=["activation"]).count('class="hot"') == 1
    assert "stroke-dasharray" in picture(config, changed=["activation"], old=True).split('class="hot"')[1][:120]


@pytest.mark.parametrize("known", gl.generations(), ids=lambda known: known.name)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_miniature_can_be_drawn_in_both_languages(known: gl.Generation, lang: str) -> None:
    for config in [known.config("mini"), *(pair[1] for pair in [before(known.name)] if pair)]:
        drawn = picture(config, lang, changes(known.name))
        ElementTree.fromstring(drawn)
        assert any("\u4e00" <= c <= "\u9fff" for c in drawn) == (lang == "zh")
    assert all(english and chinese for english, chinese in WORDS.values())


@pytest.mark.parametrize("name", [one.name for one in STORY])
def test_there_is_a_lesson_on_everybody_in_both_languages(name: str) -> None:
    english, chinese = lesson(name, "en"), lesson(name, "zh")
    assert 250 <= len(english.split()) <= 650
    assert 400 <= sum("\u4e00" <= c <= "\u9fff" for c in chinese) <= 1300
    assert not any("\u4e00" <= c <= "\u9fff" for c in english)
    assert english.count("\n## ") == chinese.count("\n## ")
    assert lesson("nobody", "en") == ""
