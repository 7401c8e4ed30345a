# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Output forms of pose models: heatmaps or SimCC vectors, and the grid of cells."""

from typing import NamedTuple

from torch import nn

from ...networks import is_of_package

HEATMAPS = 'heatmaps'
SIMCC = 'SimCC vectors'
WHAT_WORKS = (
    'Supported are top-down models of MMPose with HeatmapHead, ViPNASHead, CPMHead '
    '(CPM, Hourglass), MSPNHead, or, with SimCC vectors, SimCCHead, RTMCCHead, '
    'RTMWHead.'
)


class PoseForm(NamedTuple):
    """Output form of a pose model, and the position of its cells in the input image.

    Attributes:
        kind (str): ``HEATMAPS`` or ``SIMCC``.
        num_points (int): Number of keypoints K.
        input_size (tuple[int, int]): Width and height of the input, in pixels.
        udp (bool): Whether the box ends at the centre of the input's last pixel (UDP,
            arXiv 1911.07524), not at its far edge.
        cells (tuple[int, int]): Number of cells, or bins, along x and y.
        step (tuple[float, float]): Distance between cells along x and y, in pixels.
        origin (float): Position of cell 0, in cells.
        gain (float): Peak value of a heatmap, or ``beta`` of SimCC's loss.
    """

    kind: str
    num_points: int
    input_size: tuple[int, int]
    udp: bool
    cells: tuple[int, int]
    step: tuple[float, float]
    origin: float
    gain: float


def pose_form(network: nn.Module, owner: str) -> PoseForm | None:
    """Determine the output form of a pose model.

    Args:
        network (nn.Module): Any network.
        owner (str): Owner of the network, such as "Mentor 'hrnet'", for messages.

    Returns:
        PoseForm | None: None if the network is not an MMPose model.

    Raises:
        ValueError: If the output is neither heatmaps nor SimCC vectors of one person,
            or if the head has no codec.
    """
    if not is_of_package(network, 'mmpose'):
        return None
    kind = _kind(network, owner)
    head, codec = network.head, network.head.decoder
    if codec is None:
        raise ValueError(
            f'{owner}: its {type(head).__name__} has no `decoder`, which defines the '
            'positions of the cells of its output. Set head.decoder to the codec that '
            'the model is trained with, as the configs of MMPose do.'
        )
    codec_name = type(codec).__name__
    width, height = (int(size) for size in codec.input_size)
    if kind == SIMCC:
        ratio = codec.simcc_split_ratio
        cells, step = (int(width * ratio), int(height * ratio)), (1 / ratio, 1 / ratio)
        gain = getattr(head.loss_module, 'beta', 1.0)
    else:
        cells, step = codec.heatmap_size, codec.scale_factor
        gain = 255.0 if codec_name == 'MegviiHeatmap' else 1.0
    return PoseForm(
        kind=kind,
        num_points=head.out_channels,
        input_size=(width, height),
        udp=codec_name == 'UDPHeatmap',
        cells=(int(cells[0]), int(cells[1])),
        step=(float(step[0]), float(step[1])),
        origin=0.5 if codec_name == 'MegviiHeatmap' else 0.0,
        gain=float(gain),
    )


def _kind(network: nn.Module, owner: str) -> str:
    """Distinguish heatmaps from SimCC vectors, and reject all other outputs."""
    from mmpose.models import heads, pose_estimators

    head = getattr(network, 'head', None)
    model = f'{owner} is a {type(network).__name__} with {type(head).__name__}'
    if isinstance(network, pose_estimators.BottomupPoseEstimator):
        raise ValueError(
            f'{model}: a bottom-up method, whose maps cover a whole image with all '
            f'people in it, not one person. {WHAT_WORKS}'
        )
    if isinstance(head, (heads.SimCCHead, heads.RTMCCHead, heads.RTMWHead)):
        return SIMCC
    combined = getattr(getattr(head, 'decoder', None), 'heatmap_type', 'gaussian')
    if combined != 'gaussian':
        raise ValueError(
            f'{model}, whose codec has the type {combined!r}: its output contains '
            'offsets besides heatmaps. Use the same model with Gaussian heatmaps. '
            f'{WHAT_WORKS}'
        )
    # A subclass, such as one for 3D, may have another output.
    if type(head) in (heads.HeatmapHead, heads.ViPNASHead) or isinstance(
        head, (heads.CPMHead, heads.MSPNHead)
    ):
        return HEATMAPS
    raise ValueError(
        f'{model}: its output is neither heatmaps nor SimCC vectors. {WHAT_WORKS}'
    )
