"""The picture of the preference measurement is drawn from rows alone, with one seed or several."""

import pytest

from gptlineage.evaluation.preference_chart import GOLD, PROXY, apart, chart


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_the_picture_is_drawn(tmp_path, seeds):
    rows = []
    for seed in seeds:
        for name, temperature in (("small SFT", 0.0), ("small PPO", 1.0), ("large base", 0.0)):
            arm = {"model": name, "temperature": temperature, "seed": seed}
            rows.append({**arm, "task": "all", "metric": "right", "value": 0.1 * seed})
            rows.append({**arm, "task": "against large base, prompted", "metric": "win rate", "value": 0.5})
        for step, kl in enumerate((0.0, 0.5, 2.0)):
            far = {"model": "PPO", "task": f"step {step}", "kl": kl, "value": kl, "seed": seed}
            rows += [{**far, "metric": metric} for metric in (PROXY, GOLD)]
    chart(rows, tmp_path / "pictures" / "preference.png")
    assert (tmp_path / "pictures" / "preference.png").stat().st_size > 10_000


def test_whiskers_reach_to_the_lowest_and_the_highest_seed():
    assert apart([[1.0, 2.0, 6.0]], [3.0], min) == [2.0] and apart([[1.0, 2.0, 6.0]], [3.0], max) == [3.0]
