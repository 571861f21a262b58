"""A graph -> a place for each of its nodes: linked ones near each other, none on top of another, the unlinked in rings around.

The same graph gets the same places every time. Linked nodes are laid out by springs and repulsion, first on a coarse copy of
the graph and then on finer ones (Walshaw, "A multilevel algorithm for force-directed graph drawing", 2003). Up to `EXACT`
nodes each one repels every other one; above that they repel through a grid of cells, whose field is one convolution.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]
    Ints = NDArray[Any]

UNIT = 60
"""The distance that a link wants to have, in the whole numbers that leave this module."""

EXACT = 500
SMALL = 40
"""A copy this small needs no coarser one."""

STEPS_COARSE = 300
STEPS_FINE = 90
GRAVITY = 0.04
CELLS = 128
APART = 0.42
"""How near two nodes may be, in lengths of a link."""

SPACE = 0.4
"""How much room stays around a group of nodes that hangs together."""

GOLDEN = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True, slots=True)
class _Level:
    """A graph, fine or coarse: how many nodes each of its nodes stands for, its edges with their weights, and the node of the
    next coarser graph that each one belongs to (none on the coarsest)."""

    mass: Floats
    ends: Ints
    weight: Floats
    parent: Ints | None = None


def lay_out(count: int, edges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """A place for each of the nodes 0 to `count` - 1, around (0, 0). Direction, loops and repeated edges do not matter."""
    import numpy as np

    if not count:
        return []
    pairs = sorted({(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]})
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    groups = _components(count, pairs)
    places = np.zeros((count, 2))
    for nodes in (groups[:1], groups[1:]):
        members = np.array([node for group in nodes if len(group) > 1 for node in group], dtype=np.int64)
        inside = np.isin(ends[:, 0], members)
        if len(members):
            order = np.argsort(members)
            places[members[order]] = _lay_out_linked(len(members), np.searchsorted(members[order], ends[inside]))
    _surround(places, groups)
    return [(int(x), int(y)) for x, y in np.rint(_part(places) * UNIT)]


def _components(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The nodes that hang together, the largest group first."""
    group_of = [[node] for node in range(count)]
    for pair in pairs:
        small, large = sorted((group_of[node] for node in pair), key=len)
        if small is not large:
            large += small
            for node in small:
                group_of[node] = large
    groups = {id(group): sorted(group) for group in group_of}
    return sorted(groups.values(), key=lambda group: (-len(group), group))


def _surround(places: Floats, groups: list[list[int]]) -> None:
    """Moves the groups: the first into the middle, the others into rings around it, each ring evenly filled."""
    import numpy as np

    reach = []
    for group in groups:
        places[group] -= np.quantile(places[group], (0.01, 0.99), axis=0).mean(axis=0)
        away = np.hypot(*places[group].T)
        reach.append(float(np.quantile(away, 0.99 if len(group) > 100 else 1)) + SPACE)
    edge, number = (reach[0] if reach else 0.0), 1
    while number < len(groups):
        middle = edge + reach[number]
        angles: list[float] = []
        while number + len(angles) < len(groups):
            angle = 2 * math.asin(reach[number + len(angles)] / middle)
            if angles and sum(angles) + angle > math.tau:
                break
            angles.append(angle)
        gap = (math.tau - sum(angles)) / len(angles)
        turn = edge * GOLDEN
        for angle, group in zip(angles, groups[number:], strict=False):
            turn += (angle + gap) / 2
            places[group] += middle * np.array([math.cos(turn), math.sin(turn)])
            turn += (angle + gap) / 2
        edge, number = middle + reach[number], number + len(angles)


def _polar(away: Floats, angle: Floats) -> Floats:
    import numpy as np

    return np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)


def _lay_out_linked(count: int, ends: Ints) -> Floats:
    """Places of a graph without unlinked nodes; a link is about 1 long."""
    import numpy as np

    levels = [_Level(np.ones(count), ends, np.ones(len(ends)))]
    while len(levels[-1].mass) > SMALL:
        fine, coarse = _coarsen(levels[-1])
        if len(coarse.mass) > 0.9 * len(fine.mass):
            break
        levels[-1:] = [fine, coarse]
    coarsest = levels.pop()
    number = np.arange(len(coarsest.mass))
    places = _polar(np.sqrt(number + 1.0), number * GOLDEN)
    places = _relax(coarsest, places, steps=STEPS_COARSE, heat=2.0)
    for level in reversed(levels):
        assert level.parent is not None
        number = np.arange(len(level.mass))
        grown = math.sqrt(len(number) / len(places))
        places = places[level.parent] * grown + _polar(np.full(len(number), 0.3), number * GOLDEN)
        places = _relax(level, places, steps=STEPS_FINE, heat=1.0)
    return places


def _coarsen(level: _Level) -> tuple[_Level, _Level]:
    """The level with its parents filled in, and its coarser copy: each node not yet taken, the least linked first, takes its
    nearest neighbour that is not taken either; one whose neighbours are all taken joins the lightest."""
    import numpy as np

    count = len(level.mass)
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for one, other in level.ends.tolist():
        neighbours[one].append(other)
        neighbours[other].append(one)
    parent = [-1] * count
    mass: list[float] = []
    for node in sorted(range(count), key=lambda node: (len(neighbours[node]), node)):
        if parent[node] >= 0:
            continue
        free = [other for other in neighbours[node] if parent[other] < 0]
        if free:
            other = min(free, key=lambda other: (level.mass[other], len(neighbours[other]), other))
            parent[node] = parent[other] = len(mass)
            mass.append(float(level.mass[node] + level.mass[other]))
        elif neighbours[node]:
            parent[node] = min((parent[other] for other in neighbours[node]), key=lambda group: (mass[group], group))
            mass[parent[node]] += float(level.mass[node])
        else:
            parent[node] = len(mass)
            mass.append(float(level.mass[node]))
    up = np.array(parent, dtype=np.int64)
    ends = np.sort(up[level.ends], axis=1)
    kept = ends[:, 0] != ends[:, 1]
    merged, numbers = np.unique(ends[kept], axis=0, return_inverse=True)
    weight = np.bincount(numbers.ravel(), weights=level.weight[kept], minlength=len(merged))
    return _Level(level.mass, level.ends, level.weight, up), _Level(np.array(mass), merged.reshape(-1, 2), weight)


def _relax(level: _Level, places: Floats, *, steps: int, heat: float) -> Floats:
    """Places after some steps downhill, each at most as long as the falling heat allows."""
    import numpy as np

    one, other = level.ends.T
    degree = np.bincount(level.ends.ravel(), weights=np.repeat(level.weight, 2), minlength=len(level.mass))
    pull = level.weight / np.sqrt(np.minimum(degree[one], degree[other])) if len(one) else level.weight
    size = np.sqrt(level.mass)
    repel = _repel_exactly if len(places) <= EXACT else _repel_by_cells
    for step in range(steps):
        force = repel(places, level.mass) - GRAVITY * places * level.mass[:, None]
        apart = places[one] - places[other]
        spring = apart * (pull * np.hypot(*apart.T) / (size[one] + size[other]) * 2)[:, None]
        for axis in (0, 1):
            force[:, axis] += np.bincount(other, spring[:, axis], len(places)) - np.bincount(one, spring[:, axis], len(places))
        force /= level.mass[:, None]
        length = np.hypot(*force.T)
        limit = heat * (1 - step / steps) ** 1.5 + 0.005
        places = places + force * (np.minimum(length, limit) / np.maximum(length, 1e-9))[:, None]
    return places


def _repel_exactly(places: Floats, mass: Floats) -> Floats:
    """What pushes each node: all others, the nearer the stronger (1 / distance)."""
    import numpy as np

    x, y = places.T.astype(np.float32)
    across, down = x[:, None] - x, y[:, None] - y
    weight = mass.astype(np.float32) / (across**2 + down**2 + np.float32(0.01))
    force = np.stack([(across * weight).sum(axis=1), (down * weight).sum(axis=1)], axis=1)
    return force.astype(np.float64) * mass[:, None]


def _repel_by_cells(places: Floats, mass: Floats) -> Floats:
    """The same, nearly: mass is spread over the cells of a grid, and the field of all cells is read back at each node."""
    import numpy as np

    low = places.min(axis=0)
    cell = float((places.max(axis=0) - low).max()) / (CELLS - 2) + 1e-9
    spot = (places - low) / cell
    corner = spot.astype(np.int64)
    part = spot - corner
    grid = np.zeros(CELLS * CELLS)
    shares: list[tuple[Ints, Floats]] = []
    for right, below in ((0, 0), (0, 1), (1, 0), (1, 1)):
        where = (corner[:, 0] + right) * CELLS + corner[:, 1] + below
        share = np.abs(1 - right - part[:, 0]) * np.abs(1 - below - part[:, 1])
        grid += np.bincount(where, mass * share, len(grid))
        shares.append((where, share))
    spectrum = np.fft.rfft2(grid.reshape(CELLS, CELLS), (2 * CELLS, 2 * CELLS))
    force = np.empty_like(places)
    for axis, kernel in enumerate(_kernels()):
        field = np.fft.irfft2(spectrum * kernel)[:CELLS, :CELLS].ravel()
        force[:, axis] = sum(field[where] * share for where, share in shares)
    return force * mass[:, None] / cell


def _kernels() -> tuple[Any, Any]:
    """The spectrum of a cell's push on the others, across and down."""
    import numpy as np

    away = np.fft.fftfreq(2 * CELLS, 1 / (2 * CELLS))
    across, down = np.meshgrid(away, away, indexing="ij")
    square = across**2 + down**2 + 0.5
    return np.fft.rfft2(across / square), np.fft.rfft2(down / square)


def _part(places: Floats) -> Floats:
    """Places where few are nearer to each other than `APART`: a grid is laid over them, each time shifted a little, and those
    that share a cell step away from each other."""
    import numpy as np

    for turn in range(40):
        shift = np.array([turn * 0.618 % 1, turn * 0.382 % 1]) * 2 * APART
        cell = np.floor((places - places.min(axis=0) + shift) / (2 * APART)).astype(np.int64)
        order = np.lexsort((cell[:, 1], cell[:, 0]))
        moved = np.zeros_like(places)
        for step in range(1, 9):
            one, other = order[:-step], order[step:]
            apart = places[one] - places[other]
            length = np.hypot(*apart.T)
            near = (cell[one] == cell[other]).all(axis=1) & (length < APART)
            push = apart / np.maximum(length, 1e-3)[:, None] * ((APART - length) / 2 * near)[:, None]
            np.add.at(moved, one, push)
            np.add.at(moved, other, -push)
        if not moved.any() and turn > 10:
            break
        places = places + moved * 0.8
    return places
