# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A random human body: 3D joints, and the body parts and clothes around them.

Lengths are in units of body height. The axes are x to the person's left, y up and
z forward, so a person who faces the camera has the left side on the right of
the image, as in a photograph. Segment lengths are those of Drillis and
Contini (1966), as printed in Winter, *Biomechanics and Motor Control of Human
Movement*.

The body is mirror-symmetric: left and right limbs are sampled from the same
distributions and have the same clothes. As in real people, left and right can be
told apart only by the difference between front and back (face, hair, shirt front,
feet, the way joints bend). The mirror image of an image is therefore again a valid
image with left and right swapped, as ``RandomFlip`` assumes. A mark on one side,
such as a darker left sleeve, would break this assumption.
"""

from typing import NamedTuple

import cv2
import numpy as np

KEYPOINTS = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear',
    'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow',
    'left_wrist', 'right_wrist', 'left_hip', 'right_hip',
    'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
)  # fmt: skip

ARM = ('shoulder', 'elbow', 'wrist', 'hand')
LEG = ('hip', 'knee', 'ankle', 'toe')

SPINE = 0.818 - 0.530  # shoulder height minus hip height
HALF_SHOULDERS = 0.129
HALF_HIPS = 0.191 / 2
HEAD_RADIUS = (1 - 0.870) / 2  # from chin to crown
NECK = 0.870 + HEAD_RADIUS - 0.818  # from shoulder line to centre of head

# Bones of hanging limbs, each in the frame of its starting joint. Hands end at the
# knuckles; the foot's length is reduced by the part behind the ankle.
ARM_BONES = np.array([(0, -0.186, 0), (0, -0.146, 0), (0, -0.108 / 2, 0)])
LEG_BONES = np.array([(0, -0.245, 0), (0, -0.246, 0), (0, -0.039, 0.7 * 0.152)])

# Minimum and maximum angles in degrees: forward, outward, twist, bend.
ARM_ANGLES = dict(
    calm=((-20, 5, -20, -40), (25, 30, 20, 0)),
    lively=((-30, 0, -40, -120), (150, 90, 40, 0)),
)
LEG_ANGLES = dict(
    calm=((-10, 0, -15, 0), (15, 12, 15, 15)),
    lively=((-25, 0, -20, 0), (70, 35, 20, 90)),
)

# Offsets from the centre of the head, in head radii.
FACE = dict(
    nose=(0, -0.1, 1.1),
    left_eye=(0.4, 0.2, 0.9),
    right_eye=(-0.4, 0.2, 0.9),
    left_ear=(1.0, 0, 0),
    right_ear=(-1.0, 0, 0),
    mouth=(0, -0.5, 0.85),
    hair=(0, 0.25, -0.4),
)


class Part(NamedTuple):
    """A body part: the convex hull of spheres, in one colour.

    Attributes:
        centres: Centres of the spheres, (spheres, 3), in body heights.
        radii: Radii of the spheres, (spheres,), in body heights.
        colour: Blue, green and red, (3,), from 0 to 255.
        shows: Names of the keypoints that are visible if this part is.
        nearness: Distance in front of the pelvis, in body heights.
    """

    centres: np.ndarray
    radii: np.ndarray
    colour: np.ndarray
    shows: tuple
    nearness: float


def random_joints(rng: np.random.Generator) -> dict:
    """Sample a pose: the keypoints, and the anchor points of body parts and clothes.

    Args:
        rng: Random number generator.

    Returns:
        Points by name, each (3,), in body heights, pelvis at the origin:
        ``KEYPOINTS``, and ``neck``, ``head``, ``mouth``, ``hair``, ``collar``,
        ``belly``, and a ``hand`` and a ``toe`` on each side.
    """
    turn = rng.normal(0, 40) + (180 if rng.random() < 0.2 else 0)
    hips = _rotation('yxz', turn, *rng.normal(0, (8, 8)))
    chest = hips @ _rotation(
        'yxz', rng.normal(0, 12), rng.uniform(-10, 25), rng.normal(0, 8)
    )
    head = chest @ _rotation('yxz', *rng.normal(0, (25, 12, 8)))
    height, width, arm, leg = rng.normal(1, 0.06, 4)

    neck = chest @ (0, height * SPINE, 0)
    joints = dict(
        neck=neck,
        head=neck + head @ (0, NECK, 0),
        collar=neck + chest @ (0, -0.04, 0.07),
        belly=hips @ (0, 0.03, 0.07),
    )
    for name, direction in FACE.items():
        joints[name] = joints['head'] + HEAD_RADIUS * head @ direction
    for side, mirror in dict(left=(1, 1, 1), right=(-1, 1, 1)).items():
        arm_points = _random_limb(rng, ARM_ANGLES, arm * ARM_BONES)
        leg_points = _random_limb(rng, LEG_ANGLES, leg * LEG_BONES)
        arm_points[:, 0] += width * HALF_SHOULDERS
        leg_points[:, 0] += width * HALF_HIPS
        for name, point in zip(ARM, arm_points * mirror, strict=True):
            joints[f'{side}_{name}'] = neck + chest @ point
        for name, point in zip(LEG, leg_points * mirror, strict=True):
            joints[f'{side}_{name}'] = hips @ point
    return joints


def dress(rng: np.random.Generator, joints: dict) -> list:
    """Add body parts and clothes of random shape and colour to the joints.

    Args:
        rng: Random number generator.
        joints: Points from :func:`random_joints`.

    Returns:
        The body as a list of :class:`Part`, farthest from the camera first.
    """
    build = rng.uniform(0.8, 1.3)
    shirt, front, trousers, shoes, hair = rng.uniform(15, 240, (5, 3))
    skin = rng.uniform((40, 55, 85), (180, 205, 240))
    sleeves = shirt if rng.random() < 0.5 else skin
    stockings = trousers if rng.random() < 0.6 else skin

    def part(names, radii, colour, shows=()):
        centres = np.array([joints[name] for name in names.split()])
        nearness = centres[:, 2].mean()
        colour = np.clip(colour * (1 + 0.5 * nearness), 0, 255)
        return Part(centres, np.array(radii), colour, shows, nearness)

    trunk = 'left_shoulder right_shoulder left_hip right_hip'
    fat = 0.045 * build
    parts = [
        part(trunk, (fat, fat, fat, fat), shirt, tuple(trunk.split())),
        part('collar belly', (0.025, 0.02), front),
        part('neck head', (0.035, 0.03), skin),
        part('head', (HEAD_RADIUS,), skin),
        part('hair', (HEAD_RADIUS,), hair),
        part('nose', (0.014,), 0.75 * skin, ('nose',)),
        part('mouth', (0.014,), skin * (0.6, 0.5, 0.9)),
    ]
    for side in ('left', 'right'):
        shoulder, elbow, wrist, hand = (f'{side}_{name}' for name in ARM)
        hip, knee, ankle, toe = (f'{side}_{name}' for name in LEG)
        eye, ear = f'{side}_eye', f'{side}_ear'
        parts += [
            part(eye, (0.013,), 0.15 * skin, (eye,)),
            part(ear, (0.018,), 0.9 * skin, (ear,)),
            part(f'{shoulder} {elbow}', (0.04 * build, 0.032 * build), shirt,
                 (shoulder, elbow)),
            part(f'{elbow} {wrist}', (0.031 * build, 0.024 * build), sleeves,
                 (elbow, wrist)),
            part(f'{wrist} {hand}', (0.022, 0.022), skin, (wrist,)),
            part(f'{hip} {knee}', (0.058 * build, 0.042 * build), trousers,
                 (hip, knee)),
            part(f'{knee} {ankle}', (0.04 * build, 0.028 * build), stockings,
                 (knee, ankle)),
            part(f'{ankle} {toe}', (0.028, 0.018), shoes, (ankle,)),
        ]  # fmt: skip
    return sorted(parts, key=lambda part: part.nearness)


def _random_limb(rng, angles: dict, bones: np.ndarray) -> np.ndarray:
    """Sample a left limb: its four points from the root outwards, (4, 3).

    Arms and legs differ only in their ``angles`` and ``bones``: an elbow bends
    forward, a knee backward.
    """
    mood = 'lively' if rng.random() < 0.4 else 'calm'
    forward, outward, twist, bend = rng.uniform(*angles[mood])
    root = _rotation('zxy', outward, -forward, twist)
    hinge = root @ _rotation('x', bend)
    steps = np.array([np.zeros(3), root @ bones[0], *(bones[1:] @ hinge.T)])
    return steps.cumsum(axis=0)


def _rotation(axes: str, *degrees: float) -> np.ndarray:
    """Matrix of intrinsic rotations about several axes, in order."""
    matrix = np.eye(3)
    for axis, angle in zip(axes, np.radians(degrees), strict=True):
        matrix = matrix @ cv2.Rodrigues(angle * np.eye(3)['xyz'.index(axis)])[0]
    return matrix
