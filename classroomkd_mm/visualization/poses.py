# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Poses side by side: the picture, the truth, and what networks find."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# Pictures are enlarged before joints are drawn on them, to be sharp.
SCALE = 3

Pose = tuple[np.ndarray, np.ndarray]


def find_keypoints(
    config: str | Path, checkpoint: str | Path, people: Sequence[Mapping[str, Any]]
) -> list[Pose]:
    """Have a pose model find the keypoints of people, on the CPU.

    Args:
        config (str | Path): The config of an MMPose top-down model.
        checkpoint (str | Path): Its weights, such as a classroom's checkpoint.
        people (Sequence[Mapping]): Records of an MMPose data set of one person each,
            with ``img_path`` and ``bbox`` (1, 4), pixels.

    Returns:
        list[tuple[np.ndarray, np.ndarray]]: For each person the keypoints (K, 2),
        in pixels of the picture, and their scores (K,).
    """
    from mmpose.apis import inference_topdown, init_model

    model = init_model(str(config), str(checkpoint), device='cpu')
    poses = []
    for person in people:
        (sample,) = inference_topdown(model, person['img_path'], person['bbox'])
        found = sample.pred_instances
        poses.append((found.keypoints[0], found.keypoint_scores[0]))
    return poses


def plot_poses(
    people: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Sequence[Pose]],
    metainfo: Mapping[str, Any],
    out: str | Path,
    kpt_thr: float = 0.2,
) -> None:
    """Draw people in rows: the picture, then a pose for each column.

    Args:
        people (Sequence[Mapping]): Records with ``img_path``.
        columns (Mapping[str, Sequence]): By their heading, for each person the key
            points (K, 2), in pixels of the picture, and their scores (K,).
        metainfo (Mapping): Skeleton and colours, the ``metainfo`` of an MMPose data
            set.
        out (str | Path): The picture, PNG, SVG or PDF by its ending.
        kpt_thr (float): Keypoints that score less are not drawn.
    """
    import matplotlib
    from mmcv import imread, imresize
    from mmpose.visualization import PoseLocalVisualizer

    matplotlib.use('Agg')
    from matplotlib import pyplot as plt

    visualizer = PoseLocalVisualizer(radius=4, line_width=2)
    visualizer.set_dataset_meta(metainfo)
    size = (len(people), 1 + len(columns))
    figure, axes = plt.subplots(
        *size, figsize=(2 * size[1], 2 * size[0]), squeeze=False, layout='tight'
    )
    for row, person in enumerate(people):
        image = imread(person['img_path'], channel_order='rgb')
        large = imresize(image, [SCALE * length for length in image.shape[1::-1]])
        axes[row, 0].imshow(large)
        for axis, poses in zip(axes[row, 1:], columns.values(), strict=True):
            axis.imshow(_drawn(visualizer, large, poses[row], kpt_thr))
    for axis, heading in zip(axes[0], ('image', *columns), strict=True):
        axis.set_title(heading)
    for axis in axes.flat:
        axis.set_axis_off()
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=120)
    plt.close(figure)


def _drawn(
    visualizer: Any, image: np.ndarray, pose: Pose, kpt_thr: float
) -> np.ndarray:
    """Draw a pose on an enlarged picture."""
    from mmengine.structures import InstanceData
    from mmpose.structures import PoseDataSample

    keypoints, scores = pose
    sample = PoseDataSample()
    sample.pred_instances = InstanceData(
        keypoints=SCALE * keypoints[None], keypoints_visible=scores[None]
    )
    visualizer.add_datasample('pose', image, sample, draw_gt=False, kpt_thr=kpt_thr)
    return visualizer.get_image()
