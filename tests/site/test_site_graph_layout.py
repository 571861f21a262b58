"""Where the nodes of the graph stand: always the same, apart from each other, linked ones together, the unlinked around."""

from __future__ import annotations

import math
import random
import time

import pytest

from kbtools.site.layout import UNIT, lay_out


def folders(count: int, seed: int = 1) -> list[tuple[int, int]]:
    """The edges of a vault: most links stay in their folder of 50 notes; every tenth note has none of its own."""
    chance = random.Random(seed)
    edges = []
    for note in range(count):
        for _ in range(0 if note % 10 == 0 else 3):
            near = note // 50 * 50 + chance.randrange(50)
            edges.append((note, min(near, count - 1) if chance.random() < 0.9 else chance.randrange(count)))
    return edges


def distance(one: tuple[int, int], other: tuple[int, int]) -> float:
    return math.dist(one, other)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_nothing_has_no_places() -> None:
    assert lay_out(0, []) == []


def test_one_note_stands_in_the_middle() -> None:
    assert lay_out(1, []) == [(0, 0)]


def test_a_link_to_itself_and_a_repeated_link_change_nothing() -> None:
    assert lay_out(3, [(0, 1), (1, 2)]) == lay_out(3, [(2, 1), (1, 2), (0, 1), (1, 1)])


@pytest.mark.parametrize("count", [2, 40, 700])
def test_places_are_always_the_same(count: int) -> None:
    assert lay_out(count, folders(count)) == lay_out(count, reversed(folders(count)))


@pytest.mark.parametrize("count", [30, 700, 1500])
def test_no_two_nodes_stand_in_one_place(count: int) -> None:
    places = lay_out(count, folders(count))
    assert len(places) == count
    assert len(set(places)) == count


@pytest.mark.parametrize("count", [200, 1500])
def test_linked_notes_are_nearer_than_others(count: int) -> None:
    edges = folders(count)
    places = lay_out(count, edges)
    chance = random.Random(2)
    linked = mean([distance(places[one], places[other]) for one, other in edges if one != other])
    others = mean([distance(places[chance.randrange(count)], places[chance.randrange(count)]) for _ in edges])
    assert linked < others / 2


def test_unlinked_notes_stand_around_the_linked_ones() -> None:
    ring = [(number, (number + 1) % 30) for number in range(30)]
    places = lay_out(50, ring)
    inside = max(math.hypot(*place) for place in places[:30])
    assert all(inside < math.hypot(*place) < 3 * inside for place in places[30:])


def test_groups_that_do_not_hang_together_do_not_lie_in_each_other() -> None:
    triangles = [(first + one, first + other) for first in range(0, 60, 3) for one, other in ((0, 1), (1, 2), (2, 0))]
    places = lay_out(60, triangles)
    middles = [tuple(mean([places[first + one][axis] for one in range(3)]) for axis in (0, 1)) for first in range(0, 60, 3)]
    reach = max(math.dist(middles[number // 3], place) for number, place in enumerate(places))
    assert min(math.dist(one, other) for one in middles for other in middles if one != other) > reach


def test_a_star_is_round() -> None:
    places = lay_out(13, [(0, number) for number in range(1, 13)])
    away = [distance(places[0], place) for place in places[1:]]
    assert max(away) < 1.5 * min(away)
    assert UNIT / 2 < mean(away) < 4 * UNIT


@pytest.mark.slow
@pytest.mark.parametrize(("count", "seconds"), [(1000, 2), (4000, 10)])
def test_large_vaults_are_laid_out_in_time(count: int, seconds: float) -> None:
    edges = folders(count)
    begun = time.process_time()
    lay_out(count, edges)
    assert time.process_time() - begun < seconds
