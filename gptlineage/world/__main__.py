"""Print samples of the micro-world for reading: python -m gptlineage.world --kind story --n 5 --seed 3"""

from __future__ import annotations

import argparse

from gptlineage.world import KINDS, MIXTURES, SPLITS, World, judge


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gptlineage.world", description=__doc__)
    page_kinds = sorted({kind for kinds in MIXTURES.values() for kind in kinds})
    parser.add_argument("--kind", choices=sorted({*page_kinds, *KINDS}), help="only this kind")
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
        for _, talk in zip(range(args.n), talks, strict=False):
            print(f"=== {talk.kind} ({talk.language}) {judge(talk, talk.reference)}")
            print("\n".join(f"{message['role']}: {message['content']}" for message in talk.messages))
        return
    shown = 0
    for page in world.documents(args.mixture, args.seed, args.split):
        if args.kind in (None, page.kind) and args.language in (None, page.language):
            print(f"=== {page.kind} ({page.language})\n{page.text}")
            shown += 1
        if shown >= args.n:
            return


if __name__ == "__main__":
    main()
