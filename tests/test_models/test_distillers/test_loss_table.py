# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""docs/mmrazor_losses.md: each of MMRazor's losses does what the table says."""

import copy
from pathlib import Path

import pytest
import torch

DOCS = Path(__file__).parents[3] / 'docs'
CHANNELS = 4
LOGITS, FEATURES = ('logits', 'head.fc'), ('features', 'backbone.norm')


def table():
    """The rows of the table by loss."""
    lines = (DOCS / 'mmrazor_losses.md').read_text().splitlines()
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in lines]
    return {row[0].strip('`'): row[1:] for row in rows if row and row[0][0] == '`'}


def case(arguments, record, cfg=None, connectors=(None, None), **extra):
    """A loss's options, what its two arguments are, and what else it takes."""
    return dict(
        arguments=arguments,
        record=record,
        cfg=cfg or {},
        connectors=connectors,
        extra=extra,
    )


PREDS, FEATS = ('preds_S', 'preds_T'), ('s_feature', 't_feature')
LABELS = dict(gt_labels=dict(recorder='labels', from_student=True, data_idx=1))
SAMPLES = dict(data_samples=dict(recorder='samples', from_student=True, data_idx=1))


def conv(kind, **options):
    return dict(type=kind, in_channel=CHANNELS, out_channel=6, **options)


def crd():
    return dict(type='CRDConnector', dim_in=CHANNELS, dim_out=8)


def fbkd(who):
    return dict(
        type=f'FBKD{who}Connector', in_channels=CHANNELS, sub_sample=False, reduction=2
    )


CASES = dict(
    KLDivergence=case(PREDS, LOGITS, dict(tau=4)),
    KDSoftCELoss=case(PREDS, LOGITS, dict(tau=4)),
    CrossEntropyLoss=case(PREDS, LOGITS),
    DKDLoss=case(PREDS, LOGITS, dict(tau=2), **LABELS),
    WSLD=case(('student', 'teacher'), LOGITS, dict(num_classes=4), **LABELS),
    DISTLoss=case(('logits_S', 'logits_T'), LOGITS, dict(tau=4)),
    DistanceWiseRKD=case(PREDS, FEATURES),
    AngleWiseRKD=case(PREDS, FEATURES),
    CRDLoss=case(
        ('s_feats', 't_feats'),
        ('gap', 'neck.gap'),
        dict(neg_num=4, sample_n=16, dim_out=8),
        (crd(), crd()),
        **SAMPLES,
    ),
    L1Loss=case(FEATS, FEATURES),
    L2Loss=case(FEATS, FEATURES, dict(normalize=False)),
    ATLoss=case(FEATS, FEATURES),
    PKDLoss=case(PREDS, FEATURES),
    ChannelWiseDivergence=case(PREDS, FEATURES),
    MGDLoss=case(
        PREDS,
        FEATURES,
        dict(alpha_mgd=1e-3),
        (dict(type='MGDConnector', student_channels=4, teacher_channels=4), None),
    ),
    FBKDLoss=case(
        ('s_input', 't_input'),
        FEATURES,
        dict(mask_l2_weight=0.1, channel_weight=0.1, spatial_weight=0.1),
        (fbkd('Student'), fbkd('Teacher')),
    ),
    ABLoss=case(FEATS, FEATURES, dict(loss_weight=100.0)),
    FTLoss=case(
        FEATS,
        FEATURES,
        {},
        (conv('Translator'), conv('Paraphraser', phase='train')),
    ),
    OFDLoss=case(FEATS, FEATURES),
)
REFUSED = dict(
    OnehotLikeLoss='preds_T', InformationEntropyLoss='preds_T', ActivationLoss='feat_T'
)


def mapped(name, mentor=None):
    """Recorders, connectors, losses and mappings for a loss, as MMRazor has them."""
    given = CASES[name]
    recorder, source = given['record']
    connectors, mapping = {}, dict(copy.deepcopy(given['extra']))
    for argument, connector, student in zip(
        given['arguments'], given['connectors'], (True, False), strict=True
    ):
        mapping[argument] = dict(recorder=recorder, from_student=student)
        if mentor and not student:
            mapping[argument]['mentor'] = mentor
        if connector:
            connectors[argument] = connector
            mapping[argument]['connector'] = argument
    recorders = {
        recorder: dict(type='ModuleOutputs', source=source),
        'labels': dict(type='ModuleInputs', source='head.loss_module'),
        'samples': dict(type='ModuleInputs', source=''),
    }
    return dict(
        student_recorders=recorders,
        connectors=connectors,
        distill_losses=dict(loss=dict(type=name, **given['cfg'])),
        loss_forward_mappings=dict(loss=mapping),
    ), {recorder: recorders[recorder]}


def classroom_of(tiny, name, **options):
    distiller, theirs = mapped(name, 'teacher')
    distiller['student_recorders'] = {
        'output': dict(type='ModuleOutputs', source='head'),
        **distiller['student_recorders'],
    }
    return tiny.build_classroom(
        dict(teacher=tiny.mentor(CHANNELS), unused=tiny.mentor(8)),
        distiller=dict(
            type='ClassroomDistiller',
            task_weight='constant',
            mentor_recorders=dict(teacher=theirs),
            **distiller,
        ),
        **options,
    )


def single_teacher_of(tiny, name, **options):
    from mmrazor.registry import MODELS

    distiller, theirs = mapped(name)
    torch.manual_seed(1)
    return MODELS.build(
        dict(
            type='SingleTeacherDistill',
            architecture=dict(tiny.net(CHANNELS), _scope_='mmpretrain'),
            teacher=dict(tiny.net(CHANNELS), _scope_='mmpretrain'),
            distiller=dict(
                type='ConfigurableDistiller', teacher_recorders=theirs, **distiller
            ),
            **options,
        )
    )


def make_equal(theirs, ours):
    """Give MMRazor's algorithm the weights of the classroom."""
    # MMRazor leaves in-place activations alone on a current PyTorch, and sees what
    # they made of its records.
    for module in theirs.modules():
        if hasattr(module, 'inplace'):
            module.inplace = False
    theirs.student.load_state_dict(ours.student.state_dict())
    theirs.teacher.load_state_dict(ours.mentors['teacher'].network.state_dict())
    theirs.distiller.load_state_dict(
        {k: v for k, v in ours.distiller.state_dict().items() if 'scorer' not in k}
    )


def run(tiny, model):
    inputs, samples = tiny.prepared(model, tiny.batch(size=8))
    for index, sample in enumerate(samples):
        sample.set_metainfo(dict(sample_idx=torch.tensor(index)))
    model.train()
    model.zero_grad()
    torch.manual_seed(3)
    losses = model(inputs, samples, mode='loss')
    sum(losses.values()).backward()
    return losses, {name: p.grad for name, p in model.student.named_parameters()}


def test_the_table_has_all_losses_of_mmrazor(tiny):
    from mmrazor.models import losses
    from mmrazor.registry import MODELS

    registered = {
        name
        for name, cls in MODELS.module_dict.items()
        if cls.__module__.startswith(losses.__name__)
    }
    assert len(registered) == 22
    rows = table()
    assert set(rows) == registered == set(CASES) | set(REFUSED)
    for name, (works, mentors, weighting, stage, lesson) in rows.items():
        assert works == ('yes' if name in CASES else 'refused')
        assert bool(mentors) == bool(weighting) == bool(lesson) == (name in CASES)
        assert stage


def lesson_of(tiny, name, per):
    """A classroom that teaches with a loss, per sample or per batch."""
    distiller, theirs = mapped(name)
    recorder, source = CASES[name]['record']
    distiller['student_recorders'] = {
        'output': dict(type='ModuleOutputs', source='head'),
        recorder: dict(type='ModuleOutputs', source=source),
    }
    inner = distiller['distill_losses']['loss']
    distiller['distill_losses'] = dict(
        loss=dict(type='LessonLoss', loss=inner, per=per)
    )
    mapping = distiller['loss_forward_mappings']['loss']
    mapping.pop('gt_labels', None)
    if recorder == 'logits':
        del distiller['loss_forward_mappings']
    return tiny.build_classroom(
        dict(teacher=tiny.mentor(CHANNELS)),
        distiller=dict(mentor_recorders=dict(teacher=theirs), **distiller),
    )


@pytest.mark.parametrize('name', CASES)
def test_in_a_lesson(tiny, name):
    lesson = table()[name][-1]
    if lesson == 'refused':
        with pytest.raises(TypeError, match=rf'cannot teach with {name}'):
            lesson_of(tiny, name, 'batch')
        return
    if lesson == 'per batch':
        with pytest.raises(ValueError, match=rf"{name}.*Set per='batch'"):
            lesson_of(tiny, name, 'sample')
    losses, gradients = run(tiny, lesson_of(tiny, name, lesson.removeprefix('per ')))
    assert losses['distill.loss'] > 0
    assert all(gradient.isfinite().all() for gradient in gradients.values())


@pytest.mark.parametrize('name', CASES)
def test_as_with_a_single_teacher(tiny, name):
    ours, theirs = classroom_of(tiny, name), single_teacher_of(tiny, name)
    make_equal(theirs, ours)
    our_losses, our_gradients = run(tiny, ours)
    their_losses, their_gradients = run(tiny, theirs)
    assert set(our_losses) == set(their_losses) == {'student.loss', 'distill.loss'}
    assert our_losses['distill.loss'].ndim == 0
    for key, loss in their_losses.items():
        assert loss.sum() != 0
        assert torch.equal(our_losses[key], loss.sum()), key
    for key, gradient in their_gradients.items():
        assert torch.equal(our_gradients[key], gradient), key


@pytest.mark.parametrize('name', REFUSED)
def test_losses_of_a_generator_are_refused(tiny, name):
    taken = dict(recorder='logits', from_student=False, mentor='a')
    with pytest.raises(ValueError, match=rf'{name}\) takes nothing from the student'):
        tiny.build_classroom(
            distiller=dict(
                distill_losses=dict(loss=dict(type=name)),
                loss_forward_mappings=dict(loss={REFUSED[name]: taken}),
            )
        )


def test_a_loss_of_one_element_is_not_taken_for_one_of_a_single_mentor(tiny):
    """CRDLoss gives the shape (1,); the statistics are of MentorLosses alone."""
    from classroomkd_mm.classroom.statistics import ROWS

    model = classroom_of(tiny, 'CRDLoss')
    losses, _ = run(tiny, model)
    assert losses['distill.loss'] != 0
    by_mentor = dict(zip(ROWS, model.distiller.last_sums, strict=True))['loss']
    assert by_mentor.tolist() == [0, 0, 0]


def test_several_mentors_are_several_entries(tiny):
    def model(*mentors):
        student = dict(recorder='logits', from_student=True)
        return tiny.build_classroom(
            distiller=dict(
                task_weight='constant',
                distill_losses={
                    f'loss_{m}': dict(type='KLDivergence') for m in mentors
                },
                loss_forward_mappings={
                    f'loss_{m}': dict(
                        preds_S=student,
                        preds_T=dict(student, from_student=False, mentor=m),
                    )
                    for m in mentors
                },
            )
        )

    both, _ = run(tiny, model('a', 'b'))
    for mentor in 'ab':
        one, _ = run(tiny, model(mentor))
        name = f'distill.loss_{mentor}'
        assert torch.equal(both[name], one[name])


def test_without_the_students_own_loss(tiny):
    """The counterpart of MMRazor's `calculate_student_loss=False`."""
    no_loss = dict(type='CrossEntropyLoss', loss_weight=0.0)
    ours = classroom_of(tiny, 'ABLoss', architecture=tiny.net(CHANNELS, loss=no_loss))
    theirs = single_teacher_of(tiny, 'ABLoss', calculate_student_loss=False)
    make_equal(theirs, ours)
    our_losses, our_gradients = run(tiny, ours)
    their_losses, their_gradients = run(tiny, theirs)
    assert set(their_losses) == {'distill.loss'}
    assert our_losses['student.loss'] == 0
    for key, gradient in their_gradients.items():
        zero = torch.zeros_like(our_gradients[key])
        expected = zero if gradient is None else gradient
        assert torch.equal(our_gradients[key], expected), key


def test_options_of_mmrazor_are_refused_with_what_to_write_instead(tiny):
    from inspect import signature

    from mmrazor.models.algorithms import SingleTeacherDistill

    from classroomkd_mm.models.algorithms.from_mmrazor import INSTEAD

    theirs = set(signature(SingleTeacherDistill.__init__).parameters)
    ours = {'self', 'distiller', 'student_trainable', 'kwargs'}
    assert set(INSTEAD) == theirs - ours
    page = (DOCS / 'from_mmrazor.md').read_text()
    for option in INSTEAD:
        assert option in page
        with pytest.raises(TypeError, match=rf"no option '{option}'.*from_mmrazor.md"):
            tiny.build_classroom(**{option: False})


def test_a_paraphraser_trained_by_mmrazor(tiny, tmp_path):
    """FTLoss's own stage: its checkpoint is where the classroom starts."""
    stage = single_teacher_of(tiny, 'FTLoss')
    torch.save(stage.state_dict(), tmp_path / 'pretrain.pth')
    start = dict(type='Pretrained', checkpoint=str(tmp_path / 'pretrain.pth'))
    model = classroom_of(tiny, 'FTLoss', init_cfg=start)
    model._is_init = False
    model.init_weights()
    trained = stage.distiller.connectors.state_dict()
    for key, value in model.distiller.connectors.state_dict().items():
        assert torch.equal(value, trained[key]), key


@pytest.mark.parametrize('name', ['L2Loss', 'FTLoss', 'FBKDLoss'])
def test_networks_in_the_layout_channels_last(tiny, monkeypatch, name):
    """L2Loss and FTLoss flatten with `view`."""
    monkeypatch.setitem(CASES, 'L2Loss', case(FEATS, FEATURES))  # normalized
    expected, _ = run(tiny, classroom_of(tiny, name))
    model = classroom_of(tiny, name).to(memory_format=torch.channels_last)
    losses, gradients = run(tiny, model)
    torch.testing.assert_close(losses['distill.loss'], expected['distill.loss'])
    assert gradients['backbone.conv.weight'].abs().sum() > 0


def paraphraser_stage(mentor=None):
    """The stage before FTLoss, as MMRazor's config has it."""
    taken = dict(recorder='features', from_student=False)
    if mentor:
        taken['mentor'] = mentor
    return dict(
        connectors=dict(paraphraser=conv('Paraphraser')),
        distill_losses=dict(loss=dict(type='L2Loss')),
        loss_forward_mappings=dict(
            loss=dict(s_feature=taken, t_feature=dict(taken, connector='paraphraser'))
        ),
    )


def test_a_paraphraser_trained_in_the_classroom(tiny):
    """With `student_trainable=False`, as MMRazor trains it; the student stays."""
    from mmrazor.registry import MODELS

    theirs_features = dict(features=dict(type='ModuleOutputs', source='backbone.norm'))
    ours = tiny.build_classroom(
        dict(teacher=tiny.mentor(CHANNELS)),
        distiller=dict(
            mentor_recorders=dict(teacher=theirs_features),
            **paraphraser_stage('teacher'),
        ),
        student_trainable=False,
    )
    theirs = MODELS.build(
        dict(
            type='SingleTeacherDistill',
            architecture=dict(tiny.net(CHANNELS), _scope_='mmpretrain'),
            teacher=dict(tiny.net(CHANNELS), _scope_='mmpretrain'),
            distiller=dict(
                type='ConfigurableDistiller',
                teacher_recorders=theirs_features,
                **paraphraser_stage(),
            ),
            calculate_student_loss=False,
            student_trainable=False,
        )
    )
    make_equal(theirs, ours)
    before = copy.deepcopy(ours.student.state_dict())
    (our_losses, gradients), (their_losses, _) = run(tiny, ours), run(tiny, theirs)
    assert set(our_losses) == {'distill.loss'}
    assert torch.equal(our_losses['distill.loss'], their_losses['distill.loss'])
    pairs = zip(
        ours.distiller.connectors.parameters(),
        theirs.distiller.connectors.parameters(),
        strict=True,
    )
    assert all(torch.equal(one.grad, two.grad) for one, two in pairs)
    assert all(gradient is None for gradient in gradients.values())
    for key, value in ours.student.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_a_stage_that_trains_nothing_is_refused(tiny):
    with pytest.raises(ValueError, match='nothing is trained.*Add the connector'):
        tiny.build_classroom(student_trainable=False)
    stage = paraphraser_stage('a')
    stage['connectors'] |= dict(other=conv('Paraphraser'))
    stage['connectors']['paraphraser'] |= dict(phase='train', out_channel=CHANNELS)
    features = dict(features=dict(type='ModuleOutputs', source='backbone.norm'))
    with pytest.raises(ValueError, match=r'gives the connectors no gradient'):
        tiny.build_classroom(
            dict(a=tiny.mentor(CHANNELS)),
            distiller=dict(mentor_recorders=dict(a=features), **stage),
            student_trainable=False,
        )


def test_the_margins_of_ofd(tiny, monkeypatch):
    connectors = (None, dict(type='OFDTeacherConnector'))
    monkeypatch.setitem(CASES['OFDLoss'], 'connectors', connectors)
    with pytest.raises(ValueError, match=r'OFDLoss.*margin must be initialized'):
        classroom_of(tiny, 'OFDLoss')
