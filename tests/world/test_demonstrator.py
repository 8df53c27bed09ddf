"""A hasty demonstrator leaves off full stops, in the stated share, and nothing else."""

from itertools import islice

from gptlineage.world import World, judge
from gptlineage.world.demonstrator import STOPS, in_haste, with_stop


def test_a_share_of_the_demonstrations_loses_its_full_stop_and_the_judge_minds():
    clean = list(islice(World().dialogues(seed=3, kinds=["fact", "sum", "story"]), 400))
    written = list(in_haste(clean, 0.6, seed=1))
    flawed = [(a, b) for a, b in zip(clean, written, strict=True) if a != b]
    assert 0.5 < len(flawed) / 400 < 0.7
    assert written == list(in_haste(clean, 0.6, seed=1)) != list(in_haste(clean, 0.6, seed=2))
    for before, after in flawed:
        assert after.prompt == before.prompt and after.check == before.check
        assert before.reference.rstrip(STOPS) == after.reference
        verdict = judge(after, after.reference)
        assert not verdict.right and verdict.content == 1.0 and verdict.reasons == ("cut off",)
        assert judge(after, with_stop(after.reference)).right and with_stop(before.reference) == before.reference


def test_nobody_is_in_a_hurry_without_a_share():
    clean = list(islice(World().dialogues(seed=3), 50))
    assert list(in_haste(clean, 0.0)) == clean
