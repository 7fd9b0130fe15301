import pytest

from imaging.gateway import GatewayOptions
from tests.imaging.gateway.bodies import MULTIPART, client_of, multipart, part
from tests.imaging.gateway.receiving import router_of, send


@pytest.fixture
def options(tmp_path) -> GatewayOptions:
    return GatewayOptions(tmp_path / "data", most_upload_bytes=1 << 20, threads=1)


@pytest.fixture
def folder(options):
    return options.state / "uploads"


@pytest.fixture
def client(options):
    return client_of(router_of(options), options)


BAD_BODIES = {
    "no boundary": ("multipart/form-data", b"x", 422),
    "a boundary without end": (f"multipart/form-data; boundary={'b' * 400}", b"x", 422),
    "another boundary": (MULTIPART, b"--another\r\n\r\n", 422),
    "no multipart": (MULTIPART, b"hello", 422),
    "nothing": (MULTIPART, b"", 422),
    "cut short": (MULTIPART, multipart(part("file", b"1"))[:-9], 422),
    "no name": (MULTIPART, multipart(part("", b"1")), 422),
    "another field": (MULTIPART, multipart(part("Quillfeather", b"1")), 422),
    "a field that is no text": (MULTIPART, multipart(part("words", b"\xff")), 422),
    "a field without end": (MULTIPART, multipart(part("words", bytes(70_000))), 413),
    "10,000 parts": (MULTIPART, multipart(*[part("words", b"1")] * 10_000), 413),
    "a header without end": (MULTIPART, b"--a-boundary\r\nX: " + b"x" * 100_000, 422),
    "too large": (MULTIPART, multipart(part("file", bytes(1 << 20))), 413),
    "another type": ("application/x-www-form-urlencoded", b"file=1", 415),
    "no type": ("", b"1", 415),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_and_nothing_stays(client, folder, name):
    content_type, body, status = BAD_BODIES[name]

    answer = send(client, content_type=content_type, body=body)

    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)
    assert "Quillfeather" not in answer.text
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_body_of_unknown_length_is_counted(client, folder):
    def pieces():
        yield part("file", b"")[:-2]
        for _ in range(40):
            yield bytes(1 << 16)

    answer = client.post("/", content=pieces(), headers={"Content-Type": MULTIPART})

    assert answer.status_code == 413
    assert list(folder.iterdir()) == []
