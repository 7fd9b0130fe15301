import tracemalloc
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import pytest

from imaging.dicom import Changes, DateRange
from imaging.orthanc import OrthancArchive
from imaging.orthanc import changes as changes_module
from imaging.orthanc import listing as listing_module
from imaging.phantoms import PhantomSize
from imaging.phantoms.server import SimulatedOrthanc

SMALL = PhantomSize(8, 16, 20.0, 18.0, 8, (4, 6, 6))
OBJECTS = 4  # a CT series and three RT objects, of which each costs one request


def simulated(patients, **options):
    return SimulatedOrthanc(patients, size=SMALL, **options)


def opened(server):
    archive = OrthancArchive(server.url)
    archive._client._transport.sleep = lambda _: None
    return closing(archive)


def without_times(row):
    """Leave out what two servers may say differently."""

    def series_of(study):
        return tuple(
            replace(
                one, instances=tuple(replace(i, locator="", fingerprint="") for i in one.instances)
            )
            for one in study.series
        )

    return replace(
        row,
        studies=tuple(
            replace(study, stable=True, series=series_of(study)) for study in row.studies
        ),
    )


@pytest.mark.orthanc
def test_it_answers_as_orthanc_does_about_the_same_files(empty_orthanc, tmp_path):
    with simulated(30) as server, opened(server) as archive:
        rows = list(archive.patients([server.patient_id(7), server.patient_id(29)]))
        for row in rows:
            for series in row.series:
                archive.fetch(series, tmp_path / row.patient_id)
    real = OrthancArchive(empty_orthanc.url, empty_orthanc.user, empty_orthanc.password)
    with closing(real):
        real.upload(tmp_path.rglob("*.dcm"))
        names = [row.patient_id for row in rows]
        found = list(real.patients(names))

    assert [without_times(row) for row in found] == [without_times(row) for row in rows]
    assert len({series.series_instance_uid for row in rows for series in row.series}) == 8


def test_a_stream_and_single_files_are_the_same(tmp_path):
    with simulated(3) as server, opened(server) as archive:
        (row,) = archive.patients([server.patient_id(2)])
        ct = max(row.series, key=lambda series: len(series.instances))
        archive.fetch(ct, tmp_path / "stream")
        archive._has_dicomweb = False
        archive.fetch(ct, tmp_path / "singly")

        assert server.counts["stream"] == 1
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("stream", "singly")
    ]
    assert contents[0] == contents[1]
    assert len(contents[0]) == SMALL.slices


def listing_of(patients):
    """List everyone in batches, as a flow does; return the server's counts and bytes."""
    with simulated(patients) as server, opened(server) as archive:
        ids = archive.patient_ids()
        rows = sum(
            1
            for start in range(0, patients, 100)
            for _ in archive.patients(ids[start : start + 100])
        )
        assert rows == patients
        return server.counts, server.bytes_sent


def test_a_listing_costs_the_same_for_each_of_many_patients():
    few, few_bytes = listing_of(100)
    many, many_bytes = listing_of(1000)

    assert many["tags"] + many["file"] == OBJECTS * 1000
    assert many["all"] - few["all"] == pytest.approx(OBJECTS * 900 + 2 * 900 / 50, abs=2)
    assert many_bytes / 1000 == pytest.approx(few_bytes / 100, rel=0.02)


def peak_of(archive, patients, consume):
    """The most memory that listing them takes, in bytes, their ids apart.

    `list` keeps the rows, `all` drops them.
    """
    names = archive.patient_ids()[:patients]
    tracemalloc.start()
    try:
        consume(archive.patients(names))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_listing_holds_a_few_batches_and_not_everyone(monkeypatch):
    monkeypatch.setattr(listing_module, "_BATCH_PATIENTS", 5)
    with simulated(120) as server, opened(server) as archive:
        peak_of(archive, 5, list)

        passing, held = peak_of(archive, 120, all), peak_of(archive, 120, list)

    # A quarter, rather; the server is of this process, and answers several requests at times.
    assert passing < held / 2


def test_holdings_cost_one_query_for_many_patients():
    with simulated(1000) as server, opened(server) as archive:
        names = archive.patient_ids()
        cursor = archive.cursor()
        server.counts.clear()

        changes = archive.changes_since(cursor)
        found = list(archive.holdings(names, changes))

        assert server.counts["find Series"] == 5
        assert server.counts["all"] == 5 + server.counts["changes"] <= 8
    assert len({each.digest for each in found}) == 1000
    assert not any(each.is_touched for each in found)
    assert all(each.is_stable for each in found)


def test_the_feed_is_read_once_for_any_number_of_batches(monkeypatch):
    monkeypatch.setattr(changes_module, "_PAGE", 100)
    with simulated(300) as server, opened(server) as archive:
        names = archive.patient_ids()
        cursor = archive.cursor()
        for number in range(250):
            server.touch(number)
        told = archive.changes_since(cursor).to_json()
        pages = server.counts["changes"]
        touched = []
        for start in range(0, 300, 50):
            with opened(server) as batch:
                changes = Changes.from_json(told)
                found = list(batch.holdings(names[start : start + 50], changes))
                touched += [each.patient_id for each in found if each.is_touched]

        assert touched == names[:250]
        assert server.counts["changes"] == pages


def test_a_touched_patient_shows_among_many():
    with simulated(300) as server, opened(server) as archive:
        names = archive.patient_ids()
        cursor = archive.cursor()
        before = {each.patient_id: each.digest for each in archive.holdings(names)}
        server.touch(123)
        with opened(server) as later:
            found = list(later.holdings(later.patient_ids(), later.changes_since(cursor)))

        touched = [each.patient_id for each in found if each.is_touched]
        changed = [each.patient_id for each in found if each.digest != before[each.patient_id]]
        assert touched == changed == [server.patient_id(123)]


def test_a_server_busy_now_and_then_costs_no_patient(tmp_path):
    with simulated(60, busy_every=7) as server, opened(server) as archive:
        rows = list(archive.patients(archive.patient_ids()))
        for series in rows[31].series:
            archive.fetch(series, tmp_path)

        assert server.counts["all"] > 60 * OBJECTS * 7 // 6

    assert len(rows) == 60
    assert not any(series.unreadable for row in rows for series in row.series)
    assert len(list(tmp_path.iterdir())) == SMALL.slices + 3


def test_absent_patients_and_other_dates_match_nobody():
    with simulated(5) as server, opened(server) as archive:
        names = [server.patient_id(number) for number in (4, 5)]
        (row,) = archive.patients([names[0], "absent", names[1]])
        day = date.fromisoformat(row.studies[0].study_date)

        assert row.patient_id == names[0]
        assert len(archive.patient_ids(DateRange(day, day))) == 5
        assert archive.patient_ids(DateRange(last=day - timedelta(days=1))) == []
