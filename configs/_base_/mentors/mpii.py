# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MMPose's published models as mentors on MPII.
mentors = {
    name: dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
        f'td-hm_{name}_8xb{batch}-210e_mpii-256x256.py',
        pretrained=True,
    )
    for name, batch in {
        'hrnet-w48': 64,
        'hrnet-w32': 64,
        'res50': 64,
        'res152': 32,
    }.items()
}
hrnets_res50 = ['hrnet-w48', 'hrnet-w32', 'res50']
