import pytest

from imaging.gateway.access.links import sign_link
from tests.imaging.gateway.access.apps import (
    NOW,
    ask,
    client_of,
    connected,
    lay_file,
    little_app,
    serving,
)

FILE = "output/P1/CT.nii.gz"


@pytest.fixture
def link(exposed):
    return sign_link(exposed, [lay_file(exposed.data_root, FILE)], 60, NOW)


@pytest.mark.parametrize(
    "path",
    [
        f"/{FILE}",
        f"/files/{FILE}",
        f"/labels/{FILE}",
        f"/filtered/{FILE}?label_ids=1,2",
        "/filtered-scans/P1/CT.nii.gz",
        "/files/%6futput/P1/CT.nii.gz",  # the same file, as the route reads it
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_opens_its_file_by_every_address(exposed, link, path, method):
    client = client_of(exposed)
    joined = f"{path}{'&' if '?' in path else '?'}link={link}"

    assert client.request(method, path).status_code == 401
    assert client.request(method, joined).status_code == 200


OTHERS = [
    "/output/P1/other.nii.gz",
    "/output/P1",
    "/output/P1/",
    f"/{FILE}/",
    f"/{FILE}%20",
    f"/{FILE}%00",
    f"/{FILE}%2f",
    "/output%252fP1/CT.nii.gz",
    "/files/output%252FP1%252FCT.nii.gz",
    f"/files/x/..%2f{FILE}",
    f"/files/./{FILE}",
    f"//{FILE}",
    f"/files//{FILE}",
    "/files/.gateway/tokens.json",
    "/filtered-scans/P1/other.nii.gz",
    "/filtered-scans/P1/%2e%2e/P1/CT.nii.gz",
    "/late",
]


def test_a_link_opens_nothing_else(exposed, link):
    lay_file(exposed.data_root, "output/P1/other.nii.gz")
    with serving(little_app(exposed)) as port, connected(port) as connection:
        for path in OTHERS:
            # Raw, since a client library would tidy the path.
            request = f"GET {path}?link={link} HTTP/1.1\r\nHost: h\r\n\r\n"
            assert ask(connection, request.encode()).startswith(b"HTTP/1.1 403"), path


def test_a_link_is_for_reading_and_ends(exposed, link, clock):
    client = client_of(exposed, clock)
    assert client.post(f"/files/{FILE}?link={link}").status_code == 403
    assert client.options(f"/files/{FILE}?link={link}").status_code == 403
    assert client.get(f"/files/{FILE}?link={link}&link={link}").status_code == 401
    assert client.get(f"/files/{FILE}?link={link}&link=").status_code == 401
    many = "&".join(["labels=rib"] * 200)
    assert client.get(f"/filtered/{FILE}?{many}&link={link}").status_code == 200

    clock.now += 60
    assert client.get(f"/files/{FILE}?link={link}").status_code == 401


def test_a_wrong_token_is_refused_even_with_a_good_link(exposed, link):
    answer = client_of(exposed).get(
        f"/files/{FILE}?link={link}", headers={"Authorization": "Bearer wrong"}
    )

    assert answer.status_code == 401
