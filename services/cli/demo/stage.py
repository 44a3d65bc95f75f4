"""Scenes as frames: the place, the actors from far to near, the sensor's noise, and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.cli.demo.background import paint
from services.cli.demo.scene import Actor, Drawn, GroundTruthBox, Pose, Scene
from services.cli.demo.sensor import SensorNoise
from services.cli.demo.sprite import Canvas, Image


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a scene: `image` [h, w, 3] uint8 BGR, at `t_s` seconds, with what is on it."""

    index: int
    t_s: float
    image: Image
    truth: tuple[GroundTruthBox, ...]


def frames(scene: Scene) -> Iterator[Frame]:
    """Draw a scene frame by frame. Every call gives the same pixels."""
    background = paint(scene.background, scene.view, seed=scene.seed)
    noise = SensorNoise(scene.size, scene.noise, seed=scene.seed)
    for index in range(scene.frame_count):
        t_s = index / scene.fps
        canvas = Canvas(background.copy())
        truth = _draw_actors(scene, canvas, t_s)
        noise.add_to(canvas.image, index)
        yield Frame(index, t_s, canvas.image, truth)


def truth_at(scene: Scene, t_s: float) -> tuple[GroundTruthBox, ...]:
    """What is in the picture at a time, without drawing the place."""
    width, height = scene.size
    return _draw_actors(scene, Canvas(np.zeros((height, width, 3), np.uint8)), t_s)


def _draw_actors(scene: Scene, canvas: Canvas, t_s: float) -> tuple[GroundTruthBox, ...]:
    """Draw from far to near, so that the nearer hide the farther; truth comes in the order of actors."""
    present: list[tuple[Actor, Pose]] = []
    for actor in scene.actors:
        pose = actor.path.pose(t_s)
        if pose is not None:
            present.append((actor, pose))
    present.sort(key=lambda pair: -pair[1].z_m)
    drawn = [(actor, actor.look.draw(canvas, scene.view, pose)) for actor, pose in present]
    boxes: list[GroundTruthBox] = []
    for place, (actor, things) in enumerate(drawn):
        in_front = [nearer[0] for _, nearer in drawn[place + 1 :] if nearer and nearer[0].label != "fire"]
        seen = (_truth(actor.track_id, thing, in_front, scene.size) for thing in things)
        boxes.extend(box for box in seen if box is not None)
    return tuple(sorted(boxes, key=lambda box: (box.track_id, box.label)))


def _truth(track_id: int, thing: Drawn, in_front: list[Drawn], size: tuple[int, int]) -> GroundTruthBox | None:
    inside = thing.box.clipped(*size)
    if inside.area <= 0 or thing.box.area <= 0:
        return None
    visible = _uncovered(thing, in_front, size)
    return GroundTruthBox(thing.label, track_id, inside, round(visible, 3), thing.text)


def _uncovered(thing: Drawn, in_front: list[Drawn], size: tuple[int, int]) -> float:
    """The share of a box that is in the picture and under no other box, on a coarse grid."""
    cells = 24
    xs = np.linspace(thing.box.x1, thing.box.x2, cells)[None, :]
    ys = np.linspace(thing.box.y1, thing.box.y2, cells)[:, None]
    seen: NDArray[np.bool_] = (xs >= 0) & (xs <= size[0]) & (ys >= 0) & (ys <= size[1])
    for other in in_front:
        box = other.box
        seen &= ~((xs > box.x1) & (xs < box.x2) & (ys > box.y1) & (ys < box.y2))
    return float(seen.mean())
