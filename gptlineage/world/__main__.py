"""Print samples of the micro-world for reading: python -m gptlineage.world --kind story --n 5 --seed 3"""

from __future__ import annotations

import argparse
from itertools import islice

from gptlineage.world import KINDS, MIXTURES, PAGE_KINDS, SPLITS, World, judge


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gptlineage.world", description=__doc__)
    parser.add_argument("--kind", choices=sorted({*PAGE_KINDS, *KINDS}), help="only this kind")
    parser.add_argument("--mixture", choices=tuple(MIXTURES), default="web")
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--language", choices=("en", "zh"))
    parser.add_argument("--dialogues", action="store_true", help="conversations instead of pages")
    parser.add_argument("--n", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    world = World()
    if args.dialogues:
        kinds = [args.kind] if args.kind else None
        talks = world.dialogues(args.seed, args.split, kinds, args.language)
        for talk in islice(talks, args.n):
            print(f"=== {talk.kind} ({talk.language}) {judge(talk, talk.reference)}")
            print("\n".join(f"{message['role']}: {message['content']}" for message in talk.messages))
        return
    if args.kind:
        found = world.pages(args.kind, args.seed, args.split, args.language)
    else:
        found = world.documents(args.mixture, args.seed, args.split)
        found = (page for page in found if args.language in (None, page.language))
    for page in islice(found, args.n):
        print(f"=== {page.kind} ({page.language})\n{page.text}")


if __name__ == "__main__":
    main()
