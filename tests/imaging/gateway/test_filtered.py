"""Label maps filtered for a request: exact, whole, and refused with what would help."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from imaging.gateway import filtered as module
from imaging.labels import filter_labels
from tests.imaging.gateway.servers import ask, running
from tests.imaging.labels.phantoms import EXTENSION, Nifti, organs, write

SEG = "output/P1/scans/seg.nii.gz"
PHANTOM = Nifti(extension=EXTENSION)


def voxels_of(content, phantom=PHANTOM):
    stored = content[len(phantom.header()) :]
    return np.frombuffer(stored, phantom.stored.dtype).reshape(phantom.stored.shape, order="F")


def only(*ids):
    return np.where(np.isin(organs(), ids), organs(), 0)


@pytest.mark.parametrize("url", [f"/filtered/{SEG}", "/filtered-scans/P1/seg.nii.gz"])
def test_the_labels_that_are_asked_for_stay_and_all_else_is_zero(client, url):
    answer = client.get(f"{url}?label_ids=5,11")

    content = gzip.decompress(answer.content)
    assert answer.status_code == 200
    assert (voxels_of(content) == only(5, 11)).all()
    assert content.startswith(PHANTOM.header())  # header and extension byte for byte
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["content-disposition"] == 'attachment; filename="filtered-seg.nii.gz"'


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("label_ids=5-8", (5, 7)),
        ("label_ids=5&label_ids=7", (5, 7)),
        ("label_ids=%205%20,%207%20", (5, 7)),
        ("label_ids=2-300", (5, 7, 11)),
        ("labels=liver", (1,)),
        ("labels=5-8", (5, 7)),
        ("labels=right%20kidney,liver", (1, 5)),
        ("labels=liver&label_ids=11", (1, 11)),
        ("labels=right%20kidney&dictionary=vista3d", (5,)),
        ("labels=gallbladder,5&dictionary=totalsegmentator&missing=ignore", (5,)),
        ("label_ids=9&missing=ignore", ()),
        ("label_ids=-3,5&missing=ignore", (5,)),
    ],
)
def test_labels_are_asked_for_by_id_range_and_name(client, query, ids):
    answer = client.get(f"/filtered/{SEG}?{query}")

    assert answer.status_code == 200
    assert (voxels_of(gzip.decompress(answer.content)) == only(*ids)).all()


def test_a_name_with_a_comma_in_it_is_one_name(client, data_root):
    table = data_root / SEG.replace(".nii.gz", ".tsv")
    table.write_text("index\tname\n7\ttumour, left\n")

    answer = client.get(f"/filtered/{SEG}?labels=tumour,%20left")

    assert (voxels_of(gzip.decompress(answer.content)) == only(7)).all()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Say which labels"),
        ("?label_ids=", "Say which labels"),
        ("?label_ids=abc", "'abc'"),
        ("?label_ids=1e3", "'1e3'"),
        ("?label_ids=8-5", "ends before it begins"),
        ("?label_ids=1-999999999", "65536"),
        ("?label_ids=1-60000,60001-120000", "65536"),
        ("?label_ids=%D9%A1", "neither an id"),
        ("?label_ids=9", "lacks"),
        ("?label_ids=5,20-30", "20-30"),
        ("?labels=spleeen", "spleeen"),
        ("?labels=aorta", "aorta"),
        ("?label_ids=5&missing=perhaps", "refuse"),
        ("?label_ids=5&dictionary=../../x.tsv", "dictionary"),
    ],
)
def test_a_request_that_cannot_be_followed_is_told_why(client, data_root, query, said):
    answer = client.get(f"/filtered/{SEG}{query}")

    assert answer.status_code == 422
    assert said in answer.text
    assert str(data_root) not in answer.text


def test_what_is_missing_is_answered_with_what_is_there(client):
    said = client.get(f"/filtered/{SEG}?label_ids=9").json()["detail"]

    for label in (1, 5, 7, 11):
        assert str(label) in said


@pytest.mark.parametrize("path", ["nothing.nii.gz", "output/P1", "output/P2/scans/seg.nii.gz"])
def test_no_other_file_than_the_one_asked_for_is_served(client, path):
    assert client.get(f"/filtered/{path}?label_ids=5").status_code == 404
    assert client.get("/filtered-scans/P1/other.nii.gz?label_ids=5").status_code == 404
    assert client.get("/filtered-scans/P2/seg.nii.gz?label_ids=5").status_code == 404


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("P2/seg.nii", "output/P2/scans/seg.nii"),
        ("P2/seg.nii", "output/P2/seg.nii"),
        ("P2/seg.nii", "P2/scans/seg.nii"),
        ("P2/seg.nii", "P2/seg.nii"),
        ("P2/voxels/S/original/a.nii", "output/P2/voxels/S/original/a.nii"),
        ("P2/voxels/S/original/a.nii", "P2/voxels/S/original/a.nii"),
    ],
)
def test_scans_of_a_patient_are_found_with_and_without_output(client, data_root, url, place):
    (data_root / place).parent.mkdir(parents=True, exist_ok=True)
    write(data_root / place, PHANTOM.content())

    answer = client.get(f"/filtered-scans/{url}?label_ids=5")

    assert (voxels_of(answer.content) == only(5)).all()


@pytest.mark.parametrize("side", ["hdr", "img"])
def test_a_pair_is_filtered_and_either_file_can_be_fetched(client, data_root, side):
    pair = Nifti(is_pair=True)
    (data_root / "pair.hdr").write_bytes(pair.header())
    (data_root / "pair.img").write_bytes(pair.voxels())

    answer = client.get(f"/filtered/pair.{side}?label_ids=7")

    kept = only(7).astype("u1").tobytes(order="F")
    assert answer.content == (pair.header() if side == "hdr" else kept)


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("ten.txt", b"0123456789", 415),
        ("page.nii", b"<html>" * 200, 422),
        ("empty.nii.gz", b"", 422),
        ("cut.nii.gz", gzip.compress(PHANTOM.content())[:-4], 422),
        ("crc.nii.gz", gzip.compress(PHANTOM.content())[:-8] + bytes(8), 422),
        ("float.nii", Nifti(organs().astype("<f4") + 0.5).content(), 422),
        ("alone.hdr", Nifti(is_pair=True).header(), 422),
    ],
)
def test_what_is_no_whole_label_map_is_refused_and_leaves_nothing(
    client, data_root, name, content, status
):
    (data_root / name).write_bytes(content)

    for _ in range(2):
        answer = client.get(f"/filtered/{name}?label_ids=5")
        assert answer.status_code == status
        assert name not in answer.text

    assert not list((data_root / ".gateway/cache").iterdir())


def test_a_filtered_file_can_be_resumed_and_is_the_same_for_the_same_wish(client):
    url = f"/filtered/{SEG}"
    whole = client.get(f"{url}?label_ids=11,5")
    etag = whole.headers["etag"]

    head = client.head(f"{url}?label_ids=5,11")
    again = client.get(f"{url}?label_ids=5,5,11", headers={"If-None-Match": etag})
    part = client.get(f"{url}?label_ids=5,11", headers={"Range": "bytes=10-99", "If-Range": etag})
    other = client.head(f"{url}?label_ids=5")

    assert dict(head.headers) == dict(whole.headers)
    assert again.status_code == 304
    assert (part.status_code, part.content) == (206, whole.content[10:100])
    assert other.headers["etag"] != etag


def test_a_source_that_changes_is_filtered_anew(client, data_root):
    before = client.get(f"/filtered/{SEG}?label_ids=5")
    other = np.where(organs() == 7, 5, 0).astype("<u1")
    write(data_root / SEG, PHANTOM.but(stored=other).content())

    after = client.get(f"/filtered/{SEG}?label_ids=5")

    assert (voxels_of(gzip.decompress(after.content)) == other).all()
    assert after.headers["etag"] != before.headers["etag"]


def test_a_link_of_another_ending_gets_a_result_of_its_own(client, data_root):
    (data_root / "alias.nii").symlink_to(SEG)
    packed, unpacked = (client.get(f"/filtered/{path}?label_ids=5") for path in (SEG, "alias.nii"))
    assert gzip.decompress(packed.content) == unpacked.content


@pytest.mark.parametrize(("times", "status"), [(1, 200), (9, 409)])
def test_a_source_that_is_being_written_is_read_again_or_refused(
    client, data_root, monkeypatch, times, status
):
    left = [None] * times

    def disturbed(source, target, keep):
        report = filter_labels(source, target, keep)
        if left:
            left.pop()
            with (data_root / SEG).open("ab") as file:
                file.write(b"\0")  # zeros may follow gzip
        return report

    monkeypatch.setattr(module, "filter_labels", disturbed)

    answer = client.get(f"/filtered/{SEG}?label_ids=5")

    assert answer.status_code == status
    assert len(list((data_root / ".gateway/cache").iterdir())) == (status == 200)


def test_a_full_disk_is_said_so_and_leaves_nothing(client, data_root, monkeypatch, full_disk):
    def full(_source, _target, _keep):
        with full_disk.open("wb", buffering=0) as file:
            file.write(bytes(1000))

    monkeypatch.setattr(module, "filter_labels", full)

    answer = client.get(f"/filtered/{SEG}?label_ids=5")

    assert (answer.status_code, answer.json()) == (507, {"detail": "The gateway's disk is full"})
    assert not list((data_root / ".gateway/cache").iterdir())


def test_many_who_ask_for_one_thing_wait_for_one_filtering(gateway_options, monkeypatch):
    calls = []
    go = threading.Event()

    def slow(source, target, keep):
        calls.append(keep)
        assert go.wait(20)
        return filter_labels(source, target, keep)

    monkeypatch.setattr(module, "filter_labels", slow)
    with running(gateway_options) as port, ThreadPoolExecutor(8) as clients:
        asked = [clients.submit(ask, port, f"/filtered/{SEG}?label_ids=5") for _ in range(8)]
        while not calls:
            assert ask(port, "/health").status == 200  # in the meantime, it answers
        go.set()
        answers = [each.result() for each in asked]

    assert len(calls) == 1
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
