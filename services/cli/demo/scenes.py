"""A small catalogue of scenes. Nobody is in view at the start and the end, so that clips can be looped."""

from __future__ import annotations

import math
from collections.abc import Callable

from services.cli.demo.car import Car
from services.cli.demo.flame import Flame
from services.cli.demo.people import Person
from services.cli.demo.places import BIN_M
from services.cli.demo.scene import Actor, Path, Scene, View, Waypoint
from shared.domain.errors import UserError

WALK_M_S = 1.35
OUT_OF_VIEW_M = 0.9
"""How far beyond the picture's side an actor starts and ends."""

PLATES = ("AR 205 GS", "B MX 4712", "KDA 381 T", "7 TRB 926")
DRIVE_STEPS = 48
Place = tuple[float, float, float]
"""x and z in metres, and a heading in radians (0 to the right, −π/2 away from the camera)."""

Act = Callable[[float, View, int], tuple[Actor, ...]]
"""From seconds, view and seed to the actors."""


def walk(start_s: float, *places: tuple[float, float] | float) -> Path:
    """A path on foot: places are (x, z) in metres, a single number is a wait in seconds."""
    points: list[Waypoint] = []
    t_s = start_s
    for place in places:
        if isinstance(place, tuple):
            if points:
                last = points[-1]
                way = ((place[0] - last.x_m) ** 2 + (place[1] - last.z_m) ** 2) ** 0.5
                t_s += way / WALK_M_S
            points.append(Waypoint(t_s, *place))
        else:
            t_s += place
            points.append(Waypoint(t_s, points[-1].x_m, points[-1].z_m))
    return Path(tuple(points))


def fitted(path: Path, start_s: float, end_s: float) -> Path:
    """The same way, at the same pace if there is time for it, else hurried to be over by `end_s`."""
    first, last = path.points[0].t_s, path.points[-1].t_s
    pace = min(1.0, max(end_s - start_s, 0.5) / (last - first))
    return Path(tuple(Waypoint(start_s + (point.t_s - first) * pace, point.x_m, point.z_m) for point in path.points))


def drive(start_s: float, end_s: float, *, start: Place, end: Place) -> tuple[Waypoint, ...]:
    """A smooth bend from one place to another, (x, z, heading), that sets off and stops gently."""
    reach = math.dist(start[:2], end[:2])
    ways = [(reach * math.cos(place[2]), -reach * math.sin(place[2])) for place in (start, end)]
    points: list[Waypoint] = []
    for step in range(DRIVE_STEPS + 1):
        t = step / DRIVE_STEPS
        blend = (2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, 3 * t**2 - 2 * t**3, t**3 - t**2)
        x, z = (
            blend[0] * start[axis] + blend[1] * ways[0][axis] + blend[2] * end[axis] + blend[3] * ways[1][axis]
            for axis in (0, 1)
        )
        points.append(Waypoint(start_s + (end_s - start_s) * t, x, z))
    return tuple(points)


def _side(view: View, z_m: float) -> float:
    return view.edge_x_m(z_m) + OUT_OF_VIEW_M


def _entrance(seconds: float, view: View, seed: int) -> tuple[Actor, ...]:
    """Somebody comes from the left, stops in front of the door, and leaves to the right."""
    spare = max(0.0, seconds - 2.5 - (_side(view, 6.8) + _side(view, 7.4)) / WALK_M_S)
    wait_s = min(max(spare * 0.6, 0.8), 6.0)
    path = walk(0, (-_side(view, 6.8), 6.8), (-0.7, 8.4), (0.1, 7.4), wait_s, (_side(view, 7.4), 7.4))
    return (Actor(1, Person(seed + 10), fitted(path, 0.5, seconds - 0.5)),)


def _yard(seconds: float, view: View, seed: int) -> tuple[Actor, ...]:
    """Two people cross the yard in opposite directions, the one passing behind the other."""
    right = walk(0, (-_side(view, 6.4), 6.4), (_side(view, 6.8), 6.8))
    left = walk(0, (_side(view, 7.8), 7.8), (-_side(view, 7.6), 7.6))
    return (
        Actor(1, Person(seed + 20, 1.80), fitted(right, 0.5, seconds - 0.5)),
        Actor(2, Person(seed + 23, 1.70), fitted(left, min(2.5, seconds * 0.15), seconds - 0.5)),
    )


def _parking(seconds: float, view: View, seed: int) -> tuple[Actor, ...]:
    """A car comes from the left and stops, somebody gets out and leaves, and the car drives on."""
    stop = (0.9, 7.8, -1.15)
    arrives, leaves = min(4.5, seconds * 0.23), seconds - min(4.5, seconds * 0.23)
    come = drive(0.3, arrives, start=(-view.edge_x_m(6) - 3.0, 6.0, 0.0), end=stop)
    go = drive(leaves, seconds - 0.2, start=stop, end=(view.edge_x_m(13) + 3.0, 13.0, 0.0))
    rises_s = arrives + 0.4
    way = walk(rises_s, (-0.35, 8.25), 0.9, (-1.75, 7.3), (-_side(view, 6.6), 6.6))
    return (
        Actor(1, Car(PLATES[seed % len(PLATES)]), Path((*come, *go))),
        Actor(2, Person(seed + 41, rises_s=rises_s), fitted(way, rises_s, seconds - 0.5)),
    )


def _fire(seconds: float, view: View, seed: int) -> tuple[Actor, ...]:
    """A fire breaks out in a bin and goes out again."""
    del view
    lit_s, out_s = min(2.0, seconds * 0.12), seconds - min(1.5, seconds * 0.1)
    place = (BIN_M[0], BIN_M[1])
    return (Actor(1, Flame(seed, lit_s, out_s), Path((Waypoint(lit_s, *place), Waypoint(out_s, *place)))),)


def _empty(seconds: float, view: View, seed: int) -> tuple[Actor, ...]:
    """Nothing but noise."""
    del seconds, view, seed
    return ()


def _shop(seconds: float, view: View, seed: int) -> tuple[Actor, ...]:
    """Idle for most of the time: every half a minute somebody looks in for a few seconds."""
    visits: list[Actor] = []
    period_s = 30.0
    for number in range(max(1, round(seconds / period_s))):
        start_s = number * period_s + min(3.0, seconds * 0.15)
        depth = 7.2 + 0.3 * (number % 3)
        path = walk(0, (-_side(view, depth), depth), (-1.6, depth + 0.5), 1.5, (-_side(view, depth), depth))
        end_s = min(seconds - 0.5, start_s + 12)
        visits.append(Actor(number + 1, Person(seed + 30 + number), fitted(path, start_s, end_s)))
    return tuple(visits)


CATALOGUE: dict[str, tuple[str, Act]] = {
    "entrance": ("entrance", _entrance),
    "yard": ("yard", _yard),
    "parking": ("parking", _parking),
    "fire": ("bin", _fire),
    "empty": ("yard", _empty),
    "shop": ("shop", _shop),
}


def scene(
    name: str,
    *,
    seconds: float = 20.0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 12.0,
    seed: int = 1,
    noise: float = 1.5,
) -> Scene:
    """A scene of the catalogue; raises UserError when there is none of that name."""
    if name not in CATALOGUE:
        raise UserError("scene", f"no such scene {name!r}", remedy=f"use one of {', '.join(CATALOGUE)}")
    background, act = CATALOGUE[name]
    actors = act(seconds, View(*size), seed)
    return Scene(name, background, actors, seconds, size, fps, seed, noise)
