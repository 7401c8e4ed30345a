# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""One image of a stick figure: background, body, occluders, camera noise."""

from typing import NamedTuple

import cv2
import numpy as np

from .body import KEYPOINTS, dress, random_joints

IMAGE_SIZE = 128  # pixels, square
SPLITS = ('train', 'val', 'test')

_CIRCLE = np.stack(
    [trig(np.arange(16) * np.pi / 8) for trig in (np.cos, np.sin)], axis=1
)
_SHIFT = 4  # fractional bits of the coordinates passed to OpenCV
_OCCLUDED = 255


class StickFigure(NamedTuple):
    """An image of one person, with its COCO annotation.

    Attributes:
        image: Blue, green and red, (128, 128, 3), uint8.
        keypoints: x and y in pixels and COCO's visibility flag, (17, 3),
            float64: 2 is visible, 1 is occluded by an object or by the body itself,
            and 0 is outside the image, where x and y are 0 as well.
        bbox: Left, top, width and height of the person's silhouette within the
            image, including occluded parts, in pixels.
        area: Area of the silhouette, in pixels.
    """

    image: np.ndarray
    keypoints: np.ndarray
    bbox: tuple
    area: int


def draw_stick_figure(split: str, index: int, seed: int = 0) -> StickFigure:
    """Draw sample ``index`` of a split, deterministically.

    Args:
        split: 'train', 'val' or 'test'; they share no random numbers.
        index: Index of the sample, from 0.
        seed: Seed of the whole dataset.

    Returns:
        The image and its annotation.

    Raises:
        ValueError: If the split does not exist.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be one of {SPLITS}, but got {split!r}.')
    rng = np.random.default_rng((seed, SPLITS.index(split), index))

    joints = random_joints(rng)
    parts = dress(rng, joints)
    points = np.array([joints[name] for name in KEYPOINTS])
    scale, origin = _place(rng, points)
    image = _background(rng, scale)
    # Number of the part seen at each pixel, from 1; it determines visibility.
    seen = np.zeros(image.shape[:2], np.uint8)
    for number, part in enumerate(parts, 1):
        centres = _project(part.centres, scale, origin)
        _hull(image, seen, centres, scale * part.radii, part.colour, number)
    silhouette = seen > 0
    bbox = cv2.boundingRect(silhouette.astype(np.uint8))
    _occlude(rng, image, seen, scale, bbox)

    shows = [(), *(part.shows for part in parts)]
    keypoints = _flag(_project(points, scale, origin), seen, shows)
    return StickFigure(_photograph(rng, image), keypoints, bbox, int(silhouette.sum()))


def _place(rng, points: np.ndarray) -> tuple:
    """Sample the pixels per body height and the position of the pelvis.

    Sometimes a hand, a foot or the head lies outside the image.
    """
    scale = rng.uniform(0.65, 0.95) * IMAGE_SIZE
    extent = _project(points, scale, 0)
    low, high = extent.min(axis=0), extent.max(axis=0)
    room = np.abs(IMAGE_SIZE - (high - low)) / 2 + 0.05 * scale
    shift = rng.uniform(-1, 1, 2) * room
    return scale, IMAGE_SIZE / 2 - (low + high) / 2 + shift


def _project(points: np.ndarray, scale: float, origin) -> np.ndarray:
    """Project orthographically from body heights, (n, 3), to pixels, (n, 2)."""
    return scale * points[:, :2] * (1, -1) + origin


def _hull(image, seen, centres, radii, colour, number) -> None:
    """Draw the convex hull of discs, and write its number to ``seen``."""
    rim = centres[:, None] + radii[:, None, None] * _CIRCLE
    rim = np.rint(rim.reshape(-1, 2) * 2**_SHIFT).astype(np.int32)
    outline = cv2.convexHull(rim)
    cv2.fillConvexPoly(image, outline, colour.tolist(), cv2.LINE_AA, _SHIFT)
    cv2.polylines(
        image, [outline], True, (0.6 * colour).tolist(), 1, cv2.LINE_AA, _SHIFT
    )
    cv2.fillConvexPoly(seen, outline, number, cv2.LINE_8, _SHIFT)


def _background(rng, scale: float) -> np.ndarray:
    """Draw a random texture with shapes that look like limbs."""
    image = np.full((IMAGE_SIZE, IMAGE_SIZE, 3), rng.uniform(30, 225, 3))
    for cells in (3, 9, 27):
        texture = rng.normal(0, rng.uniform(3, 18), (cells, cells, 3))
        image += cv2.resize(texture, image.shape[:2], interpolation=cv2.INTER_CUBIC)
    image = np.clip(image, 0, 255).astype(np.uint8)
    nothing = np.zeros(image.shape[:2], np.uint8)
    for _ in range(rng.integers(0, 6)):
        middle = rng.uniform(0, IMAGE_SIZE, 2)
        ends = middle + scale * rng.uniform(-0.2, 0.2, (2, 2))
        radii = scale * rng.uniform(0.02, 0.07, 2)
        _hull(image, nothing, ends, radii, rng.uniform(0, 255, 3), 0)
    return image


def _occlude(rng, image, seen, scale: float, bbox: tuple) -> None:
    """Draw up to two objects in front of the person."""
    left, top, width, height = bbox
    for _ in range(rng.integers(0, 3)):
        middle = rng.uniform((left, top), (left + width, top + height))
        corners = middle + scale * rng.uniform(-0.12, 0.12, (4, 2))
        radii = scale * rng.uniform(0, 0.04, 4)
        _hull(image, seen, corners, radii, rng.uniform(0, 255, 3), _OCCLUDED)


def _flag(points: np.ndarray, seen: np.ndarray, shows: list) -> np.ndarray:
    """Add COCO's visibility flags to the keypoints, (17, 3).

    ``shows[number]`` holds the keypoints that the part with that number shows.
    """
    keypoints = np.zeros((len(KEYPOINTS), 3))
    for row, name, (x, y) in zip(keypoints, KEYPOINTS, points, strict=True):
        column, line = round(x), round(y)
        if 0 <= column < IMAGE_SIZE and 0 <= line < IMAGE_SIZE:
            number = seen[line, column]
            visible = number != _OCCLUDED and name in shows[number]
            row[:] = x, y, 2 if visible else 1
    return keypoints


def _photograph(rng, image: np.ndarray) -> np.ndarray:
    """Apply the blur, exposure and sensor noise of a random camera."""
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.1, 1.0))
    noise = rng.uniform(0, 12) * rng.standard_normal(image.shape, np.float32)
    light = rng.uniform(0.7, 1.2) * image + rng.uniform(-15, 15)
    return np.clip(light + noise, 0, 255).astype(np.uint8)
