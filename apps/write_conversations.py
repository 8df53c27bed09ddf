"""Twenty conversations with the released ChatGPT miniature, none of them selected: data/results/conversations.md.

    python apps/write_conversations.py

What the user says comes from the held-out stream of the world, the first ten conversations of three turns and more in
each language; every reply is the model's, at the studio's settings, and it reads its own earlier replies.
"""

from itertools import islice

import gptlineage as gl
from gptlineage.inference.engine import CHAT_SETTINGS
from gptlineage.paths import data_dir
from gptlineage.world import World, judge

SEED, EACH = 2023, 10
HEAD = """# Twenty conversations with the ChatGPT miniature

Written by `python apps/write_conversations.py`; not selected. The user's side comes from the held-out stream of the
world (seed {seed}); the replies are the model's at temperature {temperature}, with seed 0 for the first, 1 for the
second, and so on. The mark at the end is what the world's judge says of the last reply.

"""


def main() -> None:
    lm, written = gl.load("chatgpt"), list[str]()
    for language in ("en", "zh"):
        stream = World().dialogues(seed=SEED, split="held-out", language=language)
        long = (d for d in stream if sum(message["role"] == "user" for message in d.messages) >= 3)
        for number, dialogue in enumerate(islice(long, EACH)):
            said: list[dict[str, str]] = []
            for message in dialogue.messages:
                if message["role"] == "assistant":
                    reply = lm.chat(said, seed=len(written), **CHAT_SETTINGS)
                    said.append({"role": "assistant", "content": reply})
                else:
                    said.append(message)
            mark = "right" if judge(dialogue, said[-1]["content"]).right else "not right"
            lines = [f"- *{message['role']}*: {message['content']}" for message in said]
            written.append(f"## {language} {number + 1}\n\n" + "\n".join(lines) + f"\n- ({mark})\n")
    path = data_dir() / "results" / "conversations.md"
    head = HEAD.format(seed=SEED, temperature=CHAT_SETTINGS["temperature"])
    path.write_text(head + "\n".join(written), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
