"""Sources of text: exact at every border, disjoint between training and held-out, and clear about bad files."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.corpus import FileSource, WorldSource, open_source, sources
from tests.tiny import complaint

TEXT = st.text(alphabet=st.sampled_from("ab c\n\r从前é🙂　"), min_size=1, max_size=60)


def text_of(source: FileSource, split: str) -> str:
    return "".join(text for text, _ in source.pieces(split))


@settings(max_examples=300, deadline=None)
@given(TEXT, st.integers(1, 7))
def test_characters_survive_every_border(tmp_path_factory, text, block):
    """The last tenth of the bytes is held out; a character that the border cuts belongs to neither part."""
    file = tmp_path_factory.getbasetemp() / "borders.txt"
    data = text.encode()
    file.write_bytes(data)
    border = len(data) - len(data) // 10
    with mock.patch.object(sources, "BLOCK_BYTES", block):
        train, val = text_of(FileSource(file), "train"), text_of(FileSource(file), "val")
    assert train == data[:border].decode(errors="ignore")
    assert val == data[border:].decode(errors="ignore")
    assert text.startswith(train)
    assert text.endswith(val)
    assert len(text) - len(train) - len(val) in (0, 1)


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + "从前".encode() * 10)
    assert text_of(FileSource(tmp_path / "a.txt"), "train").startswith("从前")


def test_a_folder_is_read_file_by_file_and_only_its_text(tmp_path):
    (tmp_path / "deep").mkdir()
    words = {"b.txt": "second ", "a.md": "first ", "deep/c.TXT": "third ", "photo.jpg": "no", "e.txt": ""}
    for name, word in words.items():
        (tmp_path / name).write_text(word * 10, encoding="utf-8")
    source = FileSource(tmp_path)
    pieces = list(source.pieces("train"))
    assert [text.split()[0] for text, _ in pieces if text] == ["first", "second", "third"]
    assert [ends for text, ends in pieces] == [False, True, False, True, False]


def test_the_fingerprint_follows_the_content(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("one", encoding="utf-8")
    before = FileSource(file).fingerprint()
    assert FileSource(file).fingerprint() == before
    file.write_text("two", encoding="utf-8")
    assert FileSource(file).fingerprint() != before


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("从前有一只狐狸，住在森林里。".encode("gb18030") * 20, "not UTF-8.*iconv"),
        ("Once upon a time".encode("utf-16") * 20, "not UTF-8"),
        (b"plain text " * 20 + b"\xff" + b" more" * 20, "not UTF-8.*0xff"),
        (b"\x7fELF\x02\x01\x00\x00" * 20, "binary"),
        (b"text and then\0" * 20, "binary"),
    ],
)
def test_files_that_are_not_utf8_text_are_refused(content, match, tmp_path):
    file = tmp_path / "bad.txt"
    file.write_bytes(content)
    with complaint(match):
        text_of(FileSource(file), "train")


def test_a_fault_in_the_held_out_part_is_found_too(tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"good text " * 50 + b"\xd5\xd5 oh no")
    with complaint("not UTF-8"):
        text_of(FileSource(tmp_path / "bad.txt"), "val")


def test_nothing_to_read_is_refused(tmp_path):
    with complaint("There is no file or folder"):
        FileSource(tmp_path / "missing.txt")
    with complaint("holds no text"):
        FileSource(tmp_path)
    (tmp_path / "empty.txt").touch()
    with complaint("holds no text"):
        FileSource(tmp_path / "empty.txt")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    with complaint("holds no text"):
        FileSource(tmp_path)


def test_a_file_that_vanishes_is_a_clear_line(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("text " * 10, encoding="utf-8")
    source = FileSource(file)
    file.unlink()
    with complaint("cannot be read"):
        text_of(source, "train")
    with complaint("cannot be read"):
        source.fingerprint()


def test_names_of_sources(tmp_path):
    assert open_source("world", mixture="books").name == "world:books"
    assert open_source("world:web", mixture="books").name == "world:web"
    with complaint("no mixture 'wb'"):
        open_source("world:wb", mixture="books")
    for name in (str(tmp_path / "none"), "~nobody-has-this-name/data.txt"):
        with complaint("There is no file or folder"):
            open_source(name, mixture="books")
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert open_source(str(tmp_path / "mine.txt"), mixture="books").name == "mine.txt"


def test_the_world_keeps_its_held_out_pages_apart():
    source = WorldSource("web", seed=3)
    train, val = (texts(source, split) for split in ("train", "val"))
    assert len(set(train)) > 100
    assert not set(train) & set(val)
    assert texts(WorldSource("web", seed=3), "train") == train
    assert texts(WorldSource("web", seed=4), "train") != train
    assert source.fingerprint() != WorldSource("web", seed=4).fingerprint()


def texts(source: WorldSource, split: str) -> list[str]:
    return [text for text, ends in islice(source.pieces(split), 300) if ends]


def test_a_home_folder_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    Path(tmp_path / "story.txt").write_text("mine", encoding="utf-8")
    assert open_source("~/story.txt", mixture="books").name == "story.txt"
