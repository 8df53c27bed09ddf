"""Learn the one vocabulary that all miniatures share, from the world's pages and conversations.

    python apps/train_tokenizer.py            writes data/tokenizer/tokenizer.json
"""

from itertools import islice

from gptlineage.lineage.records import MINI_VOCAB_SIZE
from gptlineage.paths import data_dir
from gptlineage.text import Tokenizer
from gptlineage.world import World


def main() -> None:
    world = World()
    texts = [page.text for page in islice(world.documents("crawl", seed=1), 40_000)]
    texts += [page.text for page in islice(world.documents("books", seed=1), 10_000)]
    texts += [message["content"] for talk in islice(world.dialogues(seed=1), 10_000) for message in talk.messages]
    tokenizer = Tokenizer.train(texts, MINI_VOCAB_SIZE)
    folder = data_dir() / "tokenizer"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(folder)
    n_tokens = sum(map(len, tokenizer.encode_batch(texts)))
    print(f"{tokenizer.vocab_size} entries, {sum(map(len, texts)) / n_tokens:.2f} characters per token -> {folder}")


if __name__ == "__main__":
    main()
