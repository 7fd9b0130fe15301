"""A server that fails over single objects, for a moment or for longer."""

from collections import Counter
from contextlib import closing
from http import HTTPStatus

import pytest

from imaging.orthanc import OrthancArchive
from imaging.phantoms import PhantomSize
from imaging.phantoms.server import SimulatedOrthanc

SMALL = PhantomSize(8, 16, 20.0, 18.0, 8, (4, 6, 6))


class Failing(SimulatedOrthanc):
    """Answers each path in ``failures`` with a 500, that many times."""

    def __init__(self, patients):
        super().__init__(patients, size=SMALL)
        self.failures: Counter[str] = Counter()
        self.refused = []

    def answer(self, method, path, content):
        if self.failures[path] > 0:
            self.failures[path] -= 1
            self.refused.append(path)
            return HTTPStatus.INTERNAL_SERVER_ERROR
        return super().answer(method, path, content)


@pytest.fixture
def server():
    with Failing(3) as running:
        yield running


@pytest.fixture
def listed(server):
    """Lists the second patient of three anew."""

    def patients():
        with closing(OrthancArchive(server.url)) as archive:
            return list(archive.patients([server.patient_id(number) for number in range(3)]))[1]

    return patients


def path_of(series):
    """What is asked when the listing looks into the first object of a series."""
    first = min(series.instances, key=lambda row: row.sop_instance_uid)
    what = "file" if series.modality in {"RTSTRUCT", "RTPLAN"} else "simplified-tags"
    return f"/instances/{first.locator}/{what}"


def by_modality(patient):
    return {series.modality: series for series in patient.series}


@pytest.fixture
def whole(listed):
    return listed()


def test_a_fault_of_a_moment_costs_nothing(server, listed, whole):
    paths = {path_of(series) for series in whole.series}
    server.failures.update(paths)

    assert listed() == whole
    assert sorted(server.refused) == sorted(paths)
    assert not any(series.is_doubtful for series in whole.series)


@pytest.mark.parametrize("modality", ["CT", "RTSTRUCT", "RTPLAN", "RTDOSE"])
def test_a_lasting_fault_leaves_its_series_in_doubt_until_it_is_over(
    server, listed, whole, modality
):
    path = path_of(by_modality(whole)[modality])
    server.failures[path] = 2

    found = by_modality(listed())

    assert {name for name, series in found.items() if series.is_doubtful} == {modality}
    assert server.refused == [path, path]
    if modality == "CT":
        assert "Rows" not in found["CT"].tags
        assert found["CT"].unreadable == {}
    else:
        assert list(found[modality].unreadable.values()) == ["the archive fails to give it"]
    assert listed() == whole
