"""How costs become ratios, and ratios verdicts; nothing here is timed."""

import pytest

from benchmarks.measure import Cost, Method, Ratio, Rounds, compare
from benchmarks.report import at_least, at_most


def test_a_ratio_is_of_the_best_rounds_and_the_median_of_all():
    rounds = Rounds(
        {
            "slow": [Cost(4.0, 2.0), Cost(6.0, 3.0), Cost(20.0, 8.0)],
            "fast": [Cost(2.0, 1.0), Cost(1.0, 1.0), Cost(2.0, 2.0)],
        }
    )

    assert rounds.ratio("slow", "fast") == Ratio(best=4.0, median=6.0, cpu=3.0)


@pytest.mark.parametrize(
    ("goal", "value", "verdict"),
    [
        (at_least(10), 10.0, "goal >= 10: reached"),
        (at_least(10), 9.9, "goal >= 10: missed"),
        (at_most(1.3), 1.3, "goal <= 1.3: reached"),
        (at_most(1.3), 2.0, "goal <= 1.3: missed"),
    ],
)
def test_a_verdict_tells_the_goal(goal, value, verdict):
    assert goal.verdict(value) == verdict


def test_methods_take_turns_in_empty_folders_that_are_removed(tmp_path):
    seen = []

    def work(name):
        def run(folder):
            assert not list(folder.iterdir())
            (folder / "file").touch()
            seen.append(name)

        return run

    rounds = compare([Method("a", work("a")), Method("b", work("b"))], tmp_path, rounds=2)

    assert "".join(seen) == "abbaab"
    assert [len(costs) for costs in rounds.costs.values()] == [2, 2]
    assert not list(tmp_path.iterdir())
