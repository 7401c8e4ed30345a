# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Weights from URLs, and their hashes: nothing unexpected is kept or read."""

import http.server
import threading
from pathlib import Path
from urllib.request import Request

import pytest
import torch

from classroomkd_mm.mentors.weights import download as downloading
from classroomkd_mm.mentors.weights.download import cache_path, download
from classroomkd_mm.mentors.weights.hashes import hash_file, hash_in_name
from classroomkd_mm.mentors.weights.reading import read_checkpoint
from classroomkd_mm.mentors.weights.source import find_source

WEIGHTS = dict(a=torch.arange(3.0))
ZEROS = 64 * '0'


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache of downloads."""
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


def files_in(folder):
    return [path for path in folder.rglob('*') if path.is_file()]


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(WEIGHTS, path)
    return path


@pytest.fixture
def served():
    """Answers by path, status and headers, and the server's URL."""
    answers = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content, headers = answers.get(self.path, (None, {}))
            self.send_response(404 if content is None else headers.pop('status', 200))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content or b'')

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield answers, f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


def read(url, **options):
    return read_checkpoint(url, 'ann', allow_http=True, **options)


def test_a_file_is_downloaded_once(served, weights, cache):
    answers, url = served
    answers['/x.pth'] = weights.read_bytes(), {}
    assert torch.equal(read(f'{url}/x.pth')['a'], WEIGHTS['a'])
    del answers['/x.pth']
    assert torch.equal(read(f'{url}/x.pth')['a'], WEIGHTS['a'])
    assert files_in(cache) == [cache_path(f'{url}/x.pth')]


def test_urls_that_end_alike_are_different_files(served, tmp_path):
    answers, url = served
    for place in 'ab':
        torch.save({place: torch.ones(1)}, tmp_path / 'best.pth')
        answers[f'/{place}/best.pth'] = (tmp_path / 'best.pth').read_bytes(), {}
    assert [*read(f'{url}/a/best.pth'), *read(f'{url}/b/best.pth')] == ['a', 'b']


def test_a_url_that_cannot_be_reached(served, cache):
    _, url = served
    path = cache_path(f'{url}/nope.pth')
    with pytest.raises(ConnectionError, match=rf"'ann'.*404.*copy it to {path}"):
        read(f'{url}/nope.pth')
    assert not files_in(cache)


# Schemes


@pytest.mark.parametrize('scheme', ['http', 'ftp', 'file', 's3'])
def test_only_https_is_read(scheme, cache):
    with pytest.raises(ValueError, match=rf"'ann'.*{scheme}://.*https URL.*its path"):
        read_checkpoint(f'{scheme}://127.0.0.1:1/x.pth', 'ann')
    assert not cache.exists()


def test_the_message_names_the_option_for_http():
    with pytest.raises(ValueError, match=r'allow_http=True.*sha256'):
        read_checkpoint('http://127.0.0.1:1/x.pth', 'ann')


@pytest.mark.parametrize(
    ('start', 'allow_http', 'target', 'follows'),
    [
        ('https://a/x.pth', False, 'https://b/x.pth', True),
        ('https://a/x.pth', False, 'http://a/x.pth', False),
        ('http://a/x.pth', True, 'http://b/x.pth', True),
        ('http://a/x.pth', True, 'ftp://a/x.pth', False),
    ],
)
def test_redirects_are_followed_to_allowed_schemes(start, allow_http, target, follows):
    handler = downloading._CheckedRedirects(downloading._schemes(allow_http))

    def redirect():
        return handler.redirect_request(Request(start), None, 302, '', {}, target)

    if follows:
        assert redirect().full_url == target
    else:
        with pytest.raises(OSError, match='redirects to'):
            redirect()


def test_a_download_checks_redirects(served, cache):
    answers, url = served
    answers['/x.pth'] = b'', dict(status=302, Location='ftp://127.0.0.1/x.pth')
    with pytest.raises(ConnectionError, match=r'redirects to .ftp://'):
        read(f'{url}/x.pth')
    assert not files_in(cache)


def test_mmengine_follows_the_same_rules(weights, cache):
    from mmengine.runner.checkpoint import CheckpointLoader

    with pytest.raises(ValueError, match='not an https URL'):
        CheckpointLoader.load_checkpoint('http://127.0.0.1:1/x.pth')
    cached = cache_path('https://127.0.0.1:1/x-00000000.pth')
    cached.parent.mkdir(parents=True)
    weights.rename(cached)
    with pytest.raises(ValueError, match='00000000 is expected'):
        CheckpointLoader.load_checkpoint('https://127.0.0.1:1/x-00000000.pth')


# Names


@pytest.mark.parametrize(
    'url',
    [
        'https://a',
        'https://a/',
        'https://a/.',
        'https://a/..',
        'https://a/../..',
        'https://a/b/../../../etc/..',
        'https://a//etc/passwd',
        'https://a/%2e%2e%2f%2e%2e%2fx.pth',
        'https://a/..\\..\\x.pth',
        'https://a/x\0.pth',
        'https://a/~/.ssh/.x',
        'https://a/' + 300 * 'x' + '.pth',
        'https://a/?file=../../x.pth',
    ],
)
def test_every_url_has_a_file_of_its_own_in_the_cache(url, cache):
    path = cache_path(url)
    checkpoints = (cache / 'checkpoints').resolve()
    assert path.resolve().parent.parent == checkpoints
    assert 0 < len(path.name) <= 100 and not path.name.startswith('.')
    assert len(path.parent.name) == 8
    path.parent.mkdir(parents=True)
    path.touch(exist_ok=False)  # the name can be written


def test_the_suffix_stays():
    assert (
        cache_path('https://a/' + 300 * 'x' + '.safetensors').suffix == '.safetensors'
    )


# Sizes


@pytest.mark.parametrize('announced', [True, False])
def test_a_file_that_is_too_large(served, weights, cache, monkeypatch, announced):
    answers, url = served
    content = weights.read_bytes()
    headers = {'Content-Length': str(len(content))} if announced else {}
    answers['/x.pth'] = content, headers
    monkeypatch.setattr(downloading, 'MAX_BYTES', len(content) - 1)
    with pytest.raises(ValueError, match=r"'ann'.*more than .* bytes.*its path"):
        read(f'{url}/x.pth')
    assert not files_in(cache)


def test_a_file_that_is_larger_than_the_disk(served, cache):
    answers, url = served
    answers['/x.pth'] = b'', {'Content-Length': str(downloading.MAX_BYTES)}
    usage = downloading.shutil.disk_usage('.')
    with pytest.MonkeyPatch.context() as patch:
        small = type(usage)(usage.total, usage.used, 1000)
        patch.setattr(downloading.shutil, 'disk_usage', lambda _: small)
        with pytest.raises(ConnectionError, match='only 1,000 are free'):
            read(f'{url}/x.pth')
    assert not files_in(cache)


def test_an_interrupted_download_is_not_kept(served, weights, cache):
    answers, url = served
    content = weights.read_bytes()
    answers['/x.pth'] = content[:100], {'Content-Length': str(len(content))}
    with pytest.raises(ConnectionError, match='ended after 100 of|IncompleteRead'):
        read(f'{url}/x.pth')
    assert not files_in(cache)


# Hashes


def test_a_pinned_file(weights):
    good = hash_file(weights)
    for sha256 in (good, good.upper()):
        assert read_checkpoint(str(weights), 'ann', sha256).keys() == {'a'}
    with pytest.raises(ValueError, match=rf"'ann'.*{good}, but {ZEROS} is expected"):
        read_checkpoint(str(weights), 'ann', ZEROS)


def test_a_hash_is_compared_before_the_file_is_parsed(weights, monkeypatch):
    monkeypatch.setattr(torch, 'load', None)
    with pytest.raises(ValueError, match='is expected'):
        read_checkpoint(str(weights), 'ann', ZEROS)


def test_a_download_with_another_hash_is_not_kept(served, weights, cache):
    answers, url = served
    answers['/x.pth'] = weights.read_bytes(), {}
    with pytest.raises(ValueError, match='is expected.*source that you trust'):
        read(f'{url}/x.pth', sha256=ZEROS)
    assert not files_in(cache)


def test_a_file_in_the_cache_is_compared_too(served, weights):
    answers, url = served
    answers['/x.pth'] = weights.read_bytes(), {}
    read(f'{url}/x.pth', sha256=hash_file(weights))
    cached = cache_path(f'{url}/x.pth')
    cached.write_bytes(cached.read_bytes() + b'!')
    with pytest.raises(ValueError, match=rf'read from {cached}.*is expected'):
        read(f'{url}/x.pth', sha256=hash_file(weights))


def test_the_hash_in_the_name_of_a_download(served, weights, cache):
    answers, url = served
    good = f'/x_20220101-{hash_file(weights)[:8]}.pth'
    bad = '/x_20220101-00000000.pth'
    answers |= {name: (weights.read_bytes(), {}) for name in (good, bad)}
    assert read(url + good).keys() == {'a'}
    with pytest.raises(ValueError, match='but 00000000 is expected.*set sha256='):
        read(url + bad)
    assert files_in(cache) == [cache_path(url + good)]
    assert read(url + bad, sha256=hash_file(weights)).keys() == {'a'}


def test_the_hash_in_the_name_of_a_local_file_causes_a_warning(weights, monkeypatch):
    logged = []
    monkeypatch.setattr(
        'classroomkd_mm.mentors.weights.reading.print_log',
        lambda text, **_: logged.append(text),
    )
    good = weights.rename(weights.with_name(f'x-{hash_file(weights)[:8]}.pth'))
    assert read_checkpoint(str(good), 'ann').keys() == {'a'}
    assert not logged
    bad = good.rename(good.with_name('x-00000000.pth'))
    assert read_checkpoint(str(bad), 'ann').keys() == {'a'}
    assert len(logged) == 1 and '00000000 is expected' in logged[0]


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('resnet50_8xb32_in1k_20210831-ea4938fc.pth', 'ea4938fc'),
        ('td-hm_hrnet-w48_8xb32-210e_coco-256x192-0e67c616_20220913.pth', '0e67c616'),
        ('resnet18-f37072fd.pth', 'f37072fd'),
        ('kd_20221011_181115-5c6a834d.pth?versionId=CAEQThiBgID1', '5c6a834d'),
        ('wide-resnet50_20220304-66678344.pth', '66678344'),
        ('rtmw-dw-l-m_simcc-cocktail14_270e-256x192-20231122.pth', None),
        ('dekr_hrnet-w32_coco-512x512_ac7c17bf-20221228.pth', None),
        ('epoch_12.pth', None),
        ('run-ea4938fc/best.pth', None),
    ],
)
def test_hashes_in_names(name, expected):
    assert hash_in_name(f'https://a/{name}') == expected
    assert hash_in_name(f'/home/me/{name}') == expected


# Options of mentors


@pytest.fixture(scope='module')
def parse(tiny):
    from classroomkd_mm.mentors.spec import parse_mentor
    from classroomkd_mm.tasks import TASKS

    task = TASKS.get('classification')()

    def parse(**options):
        return parse_mentor('ann', dict(model=tiny.net(6), **options), task)

    return parse


@pytest.mark.parametrize('sha256', ['ea4938fc', 3, 'x' * 64, ZEROS + '0'])
@pytest.mark.parametrize(
    'weights', [dict(ckpt='x.pth'), dict(pretrained=True, cfg_path='mmpretrain::x.py')]
)
def test_a_hash_that_is_none_is_an_error(weights, sha256):
    with pytest.raises(ValueError, match=r"'ann': sha256 must be.*sha256sum"):
        find_source('ann', dict(weights, sha256=sha256))


def test_http_is_refused_when_the_config_is_read(parse):
    with pytest.raises(ValueError, match=r"'ann'.*http://a/x\.pth.*allow_http=True"):
        parse(ckpt='http://a/x.pth')
    parse(ckpt='http://a/x.pth', allow_http=True)
    parse(ckpt='https://a/x.pth')


@pytest.mark.parametrize('option', [dict(sha256=ZEROS), dict(allow_http=True)])
def test_without_a_file_these_options_have_no_meaning(parse, option):
    with pytest.raises(ValueError, match="'ann'.*requires `ckpt`"):
        parse(ckpt=None, **option)


def test_the_options_reach_the_file(parse, tiny, served, tmp_path):
    answers, url = served
    network = tiny.MODELS.build(dict(tiny.net(6), _scope_='mmpretrain'))
    torch.save(network.state_dict(), tmp_path / 'x.pth')
    answers['/x.pth'] = (tmp_path / 'x.pth').read_bytes(), {}
    options = dict(ckpt=f'{url}/x.pth', allow_http=True)
    good = parse(**options, sha256=hash_file(tmp_path / 'x.pth'))
    bad = parse(**options, sha256=ZEROS)
    with pytest.raises(ValueError, match='is expected'):
        bad.source.load(bad, network)
    assert good.source.load(good, network) == f'{url}/x.pth'


def test_two_processes_may_download_at_once(served, weights, cache):
    """Each writes a file of its own, and the last one to finish is kept."""
    answers, url = served
    answers['/x.pth'] = weights.read_bytes(), {}
    paths, barrier = [], threading.Barrier(4)

    def one():
        barrier.wait()
        paths.append(download(f'{url}/x.pth', 'x', allow_http=True))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 4 and files_in(cache) == [Path(paths[0])]
    assert hash_file(paths[0]) == hash_file(weights)
