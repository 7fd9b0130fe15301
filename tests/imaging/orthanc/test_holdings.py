import time

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.orthanc import OrthancArchive
from imaging.orthanc import changes as changes_module
from imaging.orthanc import listing as listing_module
from imaging.orthanc.transport import Request
from tests.imaging.dicom.instances import image, write
from tests.imaging.orthanc.servers import Proxy

pytestmark = pytest.mark.orthanc


def held(archive, patient_ids, cursor):
    return list(archive.holdings(patient_ids, archive.changes_since(cursor)))


def only(archive, patient_id, cursor=""):
    (holding,) = held(archive, [patient_id], cursor)
    return holding


def orthanc_id_of(archive, level, patient_id):
    (found, *_) = archive._client.find(level, {"PatientID": patient_id})
    return found["ID"]


def delete(archive, path):
    with archive._client._transport.exchange(Request("DELETE", path)) as body:
        body.read()


def told_of(archive):
    """The kinds of entries in the feed."""
    return {entry["ChangeType"] for entry in archive._client.changes("since=0&limit=99")["Changes"]}


def reopened(server):
    return OrthancArchive(server.url, server.user, server.password)


@pytest.fixture
def empty_orthanc(orthanc_program, tmp_path):
    """A server where nothing comes to rest: what its feed says is what the test did."""
    server = OrthancServer(tmp_path / "orthanc", program=orthanc_program, StableAge=3600)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def fresh(empty_orthanc):
    """Opens the test's own server anew: an archive remembers what it heard."""
    opened = []

    def open_():
        opened.append(reopened(empty_orthanc))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


@pytest.fixture
def settled(fresh, tmp_path):
    """Three patients of two slices each, and the cursor after them."""
    for name in ("A", "B", "C"):
        for number in range(2):
            write(image(patient_id=name, SOPInstanceUID=f"1.2.{ord(name)}.{number}"), tmp_path)
    archive = fresh()
    for path in sorted(tmp_path.glob("*.dcm")):
        archive.upload([path])
    return archive.cursor()


def test_nothing_changed_shows_as_nothing(fresh, settled):
    first = held(fresh(), ["A", "B", "C"], settled)
    second = held(fresh(), ["A", "B", "C"], settled)

    assert second == first
    assert [holding.is_touched for holding in first] == [False] * 3
    assert len({holding.digest for holding in first}) == 3


def test_an_instance_more_changes_the_digest_and_is_told_by_the_feed(fresh, settled, tmp_path):
    before = only(fresh(), "B")
    fresh().upload([write(image(patient_id="B", SOPInstanceUID="1.2.99"), tmp_path)])

    after = {holding.patient_id: holding for holding in held(fresh(), ["A", "B"], settled)}

    assert after["B"].digest != before.digest
    assert after["B"].is_touched
    assert not after["A"].is_touched


def test_an_instance_less_changes_the_digest_though_the_feed_is_silent(fresh, settled):
    archive = fresh()
    before = only(archive, "B", settled)
    delete(archive, f"/instances/{orthanc_id_of(archive, 'Instance', 'B')}")

    after = only(fresh(), "B", settled)

    assert after.digest != before.digest
    assert not after.is_touched


def test_content_replaced_under_the_same_uid_shows(orthanc_program, tmp_path):
    server = OrthancServer(tmp_path / "o", program=orthanc_program, OverwriteInstances=True)
    server.start()
    archive = reopened(server)
    try:
        kept = write(image(patient_id="B", SOPInstanceUID="1.2.5"), tmp_path)
        replaced = write(image(patient_id="A", SOPInstanceUID="1.2.4"), tmp_path)
        archive.upload([kept, replaced])
        cursor = archive.cursor()
        write(image(patient_id="A", SOPInstanceUID="1.2.4", SeriesDescription="other"), tmp_path)
        archive.upload([replaced])

        touched = [holding.is_touched for holding in held(archive, ["A", "B"], cursor)]
    finally:
        archive.close()
        server.kill()

    assert touched == [True, False]


def test_content_deleted_and_sent_again_shows(fresh, settled, tmp_path):
    archive = fresh()
    delete(archive, f"/patients/{orthanc_id_of(archive, 'Patient', 'A')}")
    for number in range(2):
        slice_ = image(patient_id="A", SOPInstanceUID=f"1.2.65.{number}", KVP="80")
        archive.upload([write(slice_, tmp_path)])

    assert only(fresh(), "A", settled).is_touched
    assert not only(fresh(), "B", settled).is_touched


def test_a_patient_still_receiving_is_not_stable(fresh, settled):
    assert not any(holding.is_stable for holding in held(fresh(), ["A", "B"], settled))


def test_a_patient_at_rest_is_stable_and_that_is_no_change(orthanc_program, tmp_path):
    server = OrthancServer(tmp_path / "o", program=orthanc_program, StableAge=1)
    server.start()
    archive = reopened(server)
    try:
        archive.upload([write(image(patient_id="A"), tmp_path)])
        cursor = archive.cursor()
        deadline = time.monotonic() + 240
        # The patient comes to rest first, the series perhaps a second later.
        while not {"StablePatient", "StableStudy", "StableSeries"} <= told_of(archive):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        found = only(archive, "A", cursor)
        (row,) = archive.patients(["A"])
    finally:
        archive.close()
        server.kill()

    assert found.is_stable
    assert not found.is_touched
    assert row.studies[0].stable


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", f"3-{'0' * 16}-{'0' * 16}", f"99999-{'0' * 16}-{'0' * 16}"]
)
def test_without_a_cursor_of_this_server_everything_counts_as_touched(fresh, settled, cursor):
    assert cursor != settled

    assert all(holding.is_touched for holding in held(fresh(), ["A", "B"], cursor))


def test_without_changes_everything_counts_as_touched(fresh, settled):
    assert settled
    assert all(holding.is_touched for holding in fresh().holdings(["A", "B"]))


def test_a_number_that_means_another_entry_makes_everything_touched(fresh, settled):
    number, _, oldest = settled.split("-")

    assert only(fresh(), "A", f"{number}-{'1' * 16}-{oldest}").is_touched


def owners(archive, *entries):
    """Whose instances entries of the feed are about."""
    held = {name: str(archive._client.find("Instance", {"PatientID": name})) for name in "ABC"}
    return {name for name, text in held.items() for entry in entries if entry["ID"] in text}


@pytest.mark.parametrize("oldest_too", [False, True])
def test_a_cursor_stays_good_until_both_its_ends_are_deleted(fresh, settled, oldest_too):
    archive = fresh()
    entries = archive._client.changes(f"since=0&limit={settled.split('-')[0]}")["Changes"]
    gone = owners(archive, entries[-1], *entries[: int(oldest_too)])
    for name in gone:
        delete(archive, f"/patients/{orthanc_id_of(archive, 'Patient', name)}")

    touched = {each.is_touched for each in held(fresh(), sorted({*"ABC"} - gone), settled)}

    assert touched == {oldest_too}


def test_the_cursor_of_an_empty_server_leaves_all_that_comes_touched(fresh, tmp_path):
    cursor = fresh().cursor()
    assert fresh().cursor() == cursor
    fresh().upload([write(image(patient_id="A"), tmp_path)])

    assert only(fresh(), "A", cursor).is_touched


def test_the_feed_is_read_once_and_in_pages(fresh, empty_orthanc, settled, tmp_path, monkeypatch):
    fresh().upload([write(image(patient_id=f"N{number}"), tmp_path) for number in range(5)])
    monkeypatch.setattr(changes_module, "_PAGE", 7)
    monkeypatch.setattr(listing_module, "_BATCH_HOLDINGS", 3)
    with Proxy(empty_orthanc.url) as proxy:
        archive = OrthancArchive(proxy.url, empty_orthanc.user, empty_orthanc.password)
        names = archive.patient_ids()
        proxy.requests.clear()
        changes = archive.changes_since(settled)
        pages = proxy.count("GET /changes")
        found = list(archive.holdings(names, changes)) + list(archive.holdings(names, changes))
        archive.close()

    assert {holding.patient_id for holding in found if holding.is_touched} == {
        f"N{number}" for number in range(5)
    }
    assert pages >= 3
    assert len(proxy.requests) == pages + 2 * 3, "and one query for every three patients"


def test_too_much_news_makes_everything_touched(fresh, settled, tmp_path, monkeypatch):
    fresh().upload([write(image(patient_id="N"), tmp_path)])
    monkeypatch.setattr(changes_module, "_PAGE", 2)
    monkeypatch.setattr(changes_module, "_MOST_PAGES", 1)

    assert only(fresh(), "A", settled).is_touched


def test_patients_come_in_the_order_asked_for_and_absent_ones_are_left_out(fresh, settled):
    names = [each.patient_id for each in held(fresh(), ["C", "absent", "A", "C"], settled)]

    assert names == ["C", "A"]
