"""The tokenizer: exact, deaf to special tokens in text, and of one opinion with an independent implementation."""

from __future__ import annotations

import base64
import json
import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Regex, models, pre_tokenizers
from tokenizers import Tokenizer as ForeignTokenizer

from gptlineage.lineage.records import MINI_VOCAB_SIZE
from gptlineage.paths import data_dir
from gptlineage.text import Tokenizer
from gptlineage.text.tokenizer import FILE_NAME, LARGEST_VOCABULARY, SPECIALS
from tests.tiny import complaint

SHIPPED = Tokenizer.load(data_dir() / "tokenizer")
SAMPLES = [
    "Once upon a time, there was a fox who couldn't sleep. She'd walked 12 miles; IT'S LATE!",
    "从前有一只狐狸，住在森林里。它说：“你好！”然后走了３里路。GPT-2是2019年的模型。",
    "12 + 345 = 357. 七加八等于十五。 3.14 1/2 ½ ² ٣",
    "👋🏽 Hello 👨‍👩‍👧‍👦, ça va? naïve café Übergröße ЁЖ 한국어 日本語のかな العربية",
    "line one\r\nline two\r\n\r\n  indented\ttab \n\n\n end   ",
    "   three spaces, then\u00a0a hard one\u3000and a wide one  ",
    "<|endoftext|><|user|> def f(x):\n    return x**2  # (comment)\n",
    "a\u0301 \u200d \ufeff \u2028 \x00\x1f e",
    "",
]


def test_the_shipped_vocabulary_has_the_size_of_the_miniatures():
    assert SHIPPED.vocab_size == MINI_VOCAB_SIZE


@settings(max_examples=300, deadline=None)
@given(st.text())
@example("\r\n\t 从前 🙂 12345")
@example("\ufeff byte order mark")
@example("<|endoftext|>")
def test_any_text_comes_back_exactly(text):
    for tokenizer in (SHIPPED, Tokenizer()):
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
        assert not tokenizer.special_ids.intersection(ids)
        assert all(0 <= i < tokenizer.vocab_size for i in ids)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab从🙂 \ud800\udbff\udc00\udfff")))
def test_lone_surrogates_become_the_replacement_character(text):
    """Two halves side by side are one character; any other half is none."""
    expected = re.sub("[\ud800-\udfff]", "\ufffd", whole_pairs(text))
    assert SHIPPED.decode(SHIPPED.encode(text)) == expected
    assert SHIPPED.encode_batch([text]) == [SHIPPED.encode(text)]


def whole_pairs(text: str) -> str:
    def join(pair: re.Match[str]) -> str:
        high, low = map(ord, pair.group())
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))

    return re.sub("[\ud800-\udbff][\udc00-\udfff]", join, text)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([*SPECIALS, " ", "a", "从", "<|", "|>", "\n"]), max_size=8).map("".join))
def test_text_that_spells_a_special_token_stays_text(text):
    ids = SHIPPED.encode(text)
    assert not SHIPPED.special_ids.intersection(ids)
    assert SHIPPED.decode(ids) == text


def test_specials_have_ids_of_their_own_and_no_text():
    assert list(SHIPPED.special) == list(SPECIALS)
    assert sorted(SHIPPED.special_ids) == list(range(len(SHIPPED.vocabulary), SHIPPED.vocab_size))
    assert SHIPPED.decode(sorted(SHIPPED.special_ids)) == ""


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="0123456789", min_size=1), st.sampled_from(["", " ", "a", "数", "-", "(", "\n"]))
def test_digits_are_read_one_by_one(digits, before):
    ids = SHIPPED.encode(before + digits)
    assert [SHIPPED.token_bytes(i) for i in ids[-len(digits) :]] == [d.encode() for d in digits]


def test_no_merge_crosses_from_han_to_latin():
    assert all(not (re.search(r"[A-Za-z]", t) and re.search(r"[\u4e00-\u9fff]", t)) for t in readable(SHIPPED))


def test_no_learned_token_holds_two_digits():
    assert all(len(re.findall(r"\d", t)) <= 1 for t in readable(SHIPPED))


def readable(tokenizer: Tokenizer) -> list[str]:
    return [token.decode("utf-8", errors="ignore") for token in tokenizer.vocabulary[256:]]


def byte_letters() -> dict[int, str]:
    """GPT-2's letters for bytes, in which the `tokenizers` library spells its vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + i) for i, byte in enumerate(rest)}


def foreign(tokenizer: Tokenizer) -> ForeignTokenizer:
    """Our vocabulary and pattern in Hugging Face's implementation: merges as pairs, another regex engine."""
    letters = byte_letters()

    def spell(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    ranks = {token: i for i, token in enumerate(tokenizer.vocabulary)}
    merges = [tuple(map(spell, parents(token, ranks))) for token in tokenizer.vocabulary[256:]]
    vocabulary = {spell(token): i for token, i in ranks.items()}
    other = ForeignTokenizer(models.BPE(vocab=vocabulary, merges=merges))
    split = pre_tokenizers.Split(Regex(tokenizer.pattern), "isolated")
    spelled = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    other.pre_tokenizer = pre_tokenizers.Sequence([split, spelled])
    return other


def parents(token: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    """The two tokens that `token` was merged from: encode it with the earlier merges only."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        candidates = [(ranks.get(a + b, len(ranks)), i) for i, (a, b) in enumerate(pairwise(parts))]
        rank, i = min(candidates)
        assert rank < ranks[token]
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return parts


OTHER = foreign(SHIPPED)


PARTS = ["the", " The", "'S", "'ll", "狐狸", "了", "7", " 42", "🙂", "\r\n", "\n", " ", "\t", "é", "—", "。"]


@pytest.mark.parametrize("text", SAMPLES)
def test_ids_agree_with_an_independent_implementation(text):
    assert SHIPPED.encode(text) == OTHER.encode(text, add_special_tokens=False).ids


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PARTS)))
def test_ids_agree_on_any_mixture(parts):
    text = "".join(parts)
    assert SHIPPED.encode(text) == OTHER.encode(text, add_special_tokens=False).ids


def test_a_tokenizer_comes_back_from_its_file(tmp_path):
    trained = Tokenizer.train(["the cat and the hat, 猫和帽子 " * 20], 300)
    trained.save(tmp_path)
    loaded = Tokenizer.load(tmp_path)
    assert loaded.vocabulary == trained.vocabulary
    assert loaded.special == trained.special
    for text in SAMPLES:
        assert loaded.encode(text) == trained.encode(text)


def test_training_learns_the_size_asked_for_and_stops_when_the_text_is_used_up():
    assert Tokenizer.train(["the cat and the hat, over and over again " * 20], 280).vocab_size == 280
    assert Tokenizer.train(["aaaa"], 5000).vocab_size < 280
    assert Tokenizer.train([], 300).vocab_size == 256 + len(SPECIALS)


def test_training_is_reproducible():
    texts = ["狐狸在森林里。The fox sleeps."] * 30
    assert Tokenizer.train(texts, 300).vocabulary == Tokenizer.train(texts, 300).vocabulary


@pytest.mark.parametrize("size", [-1, 0, 256, 256 + len(SPECIALS) - 1, LARGEST_VOCABULARY + 1, 10**12])
def test_impossible_vocabulary_sizes_are_refused(size):
    with complaint("out of range"):
        Tokenizer.train(["abc"], size)


DAMAGE = {
    "cut off": lambda content: json.dumps(content)[:100],
    "not JSON": lambda content: "merges: none",
    "not an object": lambda content: "[1, 2]",
    "another type": lambda content: json.dumps({**content, "type": "wordpiece"}),
    "no merges": lambda content: json.dumps({k: v for k, v in content.items() if k != "merges"}),
    "merges of another kind": lambda content: json.dumps({**content, "merges": 7}),
    "merges that are not base64": lambda content: json.dumps({**content, "merges": ["!!"]}),
    "other specials": lambda content: json.dumps({**content, "specials": ["<pad>"]}),
    "a broken pattern": lambda content: json.dumps({**content, "pattern": "((("}),
    "a pattern that is no text": lambda content: json.dumps({**content, "pattern": 5}),
    "empty": lambda content: "",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused(damage, tmp_path):
    Tokenizer([b"th", b"the"]).save(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_text(DAMAGE[damage](json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    with complaint("cannot be read"):
        Tokenizer.load(tmp_path)


def test_a_file_of_other_bytes_or_none_is_refused(tmp_path):
    with complaint("cannot be read"):
        Tokenizer.load(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with complaint("cannot be read"):
        Tokenizer.load(tmp_path)


def test_the_file_is_plain_data(tmp_path):
    """Another program needs nothing but JSON and base64."""
    Tokenizer([b"th", b"the"]).save(tmp_path)
    content = json.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8"))
    assert [base64.b64decode(token) for token in content["merges"]] == [b"th", b"the"]
