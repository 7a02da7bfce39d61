"""Made-up candidates: the same seed gives the same figures, and shares are those of the paths."""

import math

import pytest

from bot.files import sample_guide
from dialogues.guide import Guide
from dialogues.guidefile import load_guide
from dialogues.tree.flow import Flow
from dialogues.tree.simulate import Tally, simulate
from tests.plans import TYPES, both, make_guide, options, probe, question

N = 4_000


def branching() -> Guide:
    """Branches on the profile, on answers, on their length, with one fact asked about twice."""
    return make_guide(
        question(
            "place",
            kind="choice",
            options=options("north", "south"),
            next=[{"when": "answer.place == 'north'", "go": "snow"}, {"go": "sun"}],
        ),
        question("snow", minutes=5),
        question("sun", minutes=1, next=[{"when": "words(sun) < 20", "go": "more"}, {"go": "age"}]),
        question("more", minutes=3),
        question("age", kind="number", min=18, max=70),
        question(
            "late",
            **{"for": ["experienced"]},
            next=[{"when": "profile.years >= 3 and answer.age > 30", "go": "end"}],
        ),
        question("last", next=[{"when": "profile.years >= 3", "go": "end"}]),
        question("very_last"),
        candidate_types=TYPES,
        profile={"years": {"type": "number"}},
    )


@pytest.mark.parametrize(
    "guide",
    [
        branching(),
        *(
            load_guide(sample_guide(name).read_text("utf-8"), name)
            for name in ("campus-software-engineer", "sales-representative", "management-trainee")
        ),
    ],
    ids=lambda guide: guide.guide,
)
def test_simulated_shares_agree_with_the_enumerated_paths(guide: Guide) -> None:
    tallies = simulate(guide, N, seed=7)
    for name, tally in tallies.items():
        routes = Flow(guide, name).routes()
        assert routes is not None
        shares = {route.questions: route.share for route in routes}
        assert math.isclose(sum(shares.values()), 1)
        assert set(tally.routes) <= set(shares)
        for route, share in shares.items():
            # Five standard errors of a share: a chance of one in a million for each path.
            error = 5 * math.sqrt(share * (1 - share) / tally.candidates) + 1e-9
            assert abs(tally.routes[route] / tally.candidates - share) <= error, route


def test_the_same_seed_gives_the_same_figures_and_another_seed_others() -> None:
    first, again, other = (simulate(branching(), 300, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_all_types_walk_in_turn_or_one_alone() -> None:
    both_types = simulate(branching(), 101, seed=1)
    assert {name: tally.candidates for name, tally in both_types.items()} == {
        "campus": 51,
        "experienced": 50,
    }
    assert "late" not in both_types["campus"].asked
    alone = simulate(branching(), 10, 1, "experienced")
    assert list(alone) == ["experienced"]
    assert alone["experienced"].asked["late"] == 10


def test_minutes_and_percentiles() -> None:
    tally = simulate(branching(), 1000, 1, "campus")["campus"]
    assert len(tally.minutes) == 1000
    assert min(tally.minutes) >= 2 + 1 + 2 + 2
    assert Tally(minutes=[1.0, 2.0, 3.0, 4.0]).percentile(50) == 2.0
    assert Tally(minutes=[1.0, 2.0, 3.0, 4.0]).percentile(95) == 4.0
    assert Tally(minutes=[5.0]).percentile(50) == 5.0


def test_follow_ups_are_said_as_often_as_key_points_are_missing() -> None:
    guide = make_guide(
        question(
            "project",
            competency="craft",
            probes=[probe("own", "missing(own)"), probe("result", "missing(result)")],
            max_probes=2,
        ),
        question("plain", probes=[probe("always", "missing(anything)")]),
        question(
            "scene",
            kind="scenario",
            competency="craft",
            turns=[
                {
                    "replies": [
                        {"id": "good", "when": "not missing(sorry)", "text": both("good")},
                        {"id": "bad", "text": both("bad")},
                    ]
                }
            ],
        ),
    )
    tally = simulate(guide, N, seed=3)["campus"]
    said = {name: count / N for name, count in tally.follow_ups.items()}
    assert said["project", "own"] == pytest.approx(0.5, abs=0.04)
    # Missing at first (1/2), and still after a reply to the first probe in half of those cases.
    assert said["project", "result"] == pytest.approx(0.5 * 0.5 + 0.5 * 0.25, abs=0.04)
    assert said["plain", "always"] == 1.0
    assert said["scene", "good"] + said["scene", "bad"] == 1.0
    assert said["scene", "good"] == pytest.approx(0.5, abs=0.04)


def test_progress_is_told_for_each_candidate() -> None:
    steps: list[int] = []
    simulate(branching(), 25, 1, on_step=lambda: steps.append(1))
    assert len(steps) == 25
