# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MMPose's published models as mentors on COCO.
mentors = {
    name: dict(cfg_path=f'mmpose::body_2d_keypoint/{path}', pretrained=True)
    for name, path in {
        'hrnet-w48': 'topdown_heatmap/coco/td-hm_hrnet-w48_8xb32-210e_coco-256x192.py',
        'hrnet-w48-384x288': 'topdown_heatmap/coco/'
        'td-hm_hrnet-w48_8xb32-210e_coco-384x288.py',
        'hrnet-w32': 'topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
        'res50': 'topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py',
        'res152': 'topdown_heatmap/coco/td-hm_res152_8xb32-210e_coco-256x192.py',
        'vitpose-b': 'topdown_heatmap/coco/'
        'td-hm_ViTPose-base_8xb64-210e_coco-256x192.py',
        'vitpose-s': 'topdown_heatmap/coco/'
        'td-hm_ViTPose-small_8xb64-210e_coco-256x192.py',
        'rtmpose-l': 'rtmpose/coco/rtmpose-l_8xb256-420e_coco-256x192.py',
        'rtmpose-m': 'rtmpose/coco/rtmpose-m_8xb256-420e_coco-256x192.py',
    }.items()
}
mentors['hrnet-w32-wholebody'] = dict(
    cfg_path='mmpose::wholebody_2d_keypoint/topdown_heatmap/coco-wholebody/'
    'td-hm_hrnet-w32_8xb64-210e_coco-wholebody-256x192.py',
    pretrained=True,
    # The first 17 of its 133 keypoints are COCO's.
    keypoint_map=list(range(17)),
)
hrnets_res50 = ['hrnet-w48', 'hrnet-w32', 'res50']
