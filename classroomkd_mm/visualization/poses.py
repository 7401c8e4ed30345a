# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Side-by-side plots of poses: image, ground truth, and predictions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# Images are enlarged before drawing, so that joints look sharp.
SCALE = 3

Pose = tuple[np.ndarray, np.ndarray]


def find_keypoints(
    config: str | Path, checkpoint: str | Path, people: Sequence[Mapping[str, Any]]
) -> list[Pose]:
    """Predict the keypoints of people with a pose model, on the CPU.

    Args:
        config (str | Path): The config of an MMPose top-down model.
        checkpoint (str | Path): Its weights, such as a classroom's checkpoint.
        people (Sequence[Mapping]): Samples of an MMPose dataset, one person each, with
            ``img_path`` and ``bbox`` (1, 4), in pixels.

    Returns:
        list[tuple[np.ndarray, np.ndarray]]: For each person, the keypoints (K, 2),
        in pixels of the image, and their scores (K,).
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
    """Plot one person per row: the image, then one pose per column.

    Args:
        people (Sequence[Mapping]): Samples with ``img_path``.
        columns (Mapping[str, Sequence]): Maps each heading to the poses of all people:
            keypoints (K, 2), in pixels of the image, and their scores (K,).
        metainfo (Mapping): The ``metainfo`` of an MMPose dataset, with skeleton and
            colours.
        out (str | Path): Output file; its suffix selects PNG, SVG or PDF.
        kpt_thr (float): Score below which keypoints are not drawn. Defaults to 0.2.
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
    """Draw a pose on an enlarged image."""
    from mmengine.structures import InstanceData
    from mmpose.structures import PoseDataSample

    keypoints, scores = pose
    sample = PoseDataSample()
    sample.pred_instances = InstanceData(
        keypoints=SCALE * keypoints[None], keypoints_visible=scores[None]
    )
    visualizer.add_datasample('pose', image, sample, draw_gt=False, kpt_thr=kpt_thr)
    return visualizer.get_image()
