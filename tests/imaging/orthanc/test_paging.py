import pytest

from imaging.errors import RemoteUnavailableError
from imaging.orthanc import studies as studies_module
from imaging.orthanc import summaries as summaries_module
from imaging.orthanc.studies import Studies
from tests.imaging.dicom.instances import image, write


def answer(number):
    return {
        "ID": f"study-{number:04}",
        "IsStable": True,
        "MainDicomTags": {"StudyInstanceUID": f"1.2.{number}"},
        "PatientMainDicomTags": {"PatientID": f"P{number:04}"},
    }


class Pages:
    """Studies in the order of their ids, some of which change between two pages."""

    def __init__(self, count, *changes):
        self.numbers = list(range(1000, 1000 + count))
        self.changes = list(changes)
        self.asked = []

    def find(self, level, query, *, since=0, limit=0):
        assert (level, query) == ("Study", {})
        self.asked.append((since, limit))
        page = sorted(self.numbers)[since : since + limit]
        if self.changes:
            self.changes.pop(0)(self.numbers)
        return [answer(number) for number in page]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(studies_module, "_PAGE_STUDIES", 10)


def ids(pages):
    found = Studies(pages).everyone()
    assert all(len(studies) == 1 for studies in found.values()), "a study is listed twice"
    return sorted(found)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 19, 20, 35])
def test_pages_make_the_whole_list(count):
    pages = Pages(count)

    assert ids(pages) == [f"P{number}" for number in range(1000, 1000 + count)]
    assert {limit for _, limit in pages.asked} == {10}
    assert len(pages.asked) <= 1 + count // 9


def test_studies_that_come_meanwhile_displace_none():
    pages = Pages(35, lambda numbers: numbers.extend(range(900, 915)))

    assert set(ids(pages)) >= {f"P{number}" for number in range(1000, 1035)}


def test_studies_deleted_meanwhile_hide_none():
    pages = Pages(35, lambda numbers: numbers.__delitem__(slice(0, 5)))

    assert set(ids(pages)) >= {f"P{number}" for number in range(1005, 1035)}


def test_a_list_that_shrinks_to_nothing_comes_to_an_end():
    pages = Pages(25, lambda _: None, lambda numbers: numbers.clear())

    assert set(ids(pages)) <= {f"P{number}" for number in range(1000, 1025)}


def test_a_list_that_cannot_be_followed_is_worth_trying_again():
    class Restless(Pages):
        def find(self, level, query, *, since=0, limit=0):
            found = super().find(level, query, since=since, limit=limit)
            self.numbers = [number + 5000 for number in self.numbers]
            return found

    with pytest.raises(RemoteUnavailableError):
        ids(Restless(35))


@pytest.mark.orthanc
def test_orthanc_gives_pages_in_one_order(empty_archive, tmp_path):
    names = [f"PAGE{number:02}" for number in range(35)]
    empty_archive.upload([write(image(patient_id=name), tmp_path) for name in names])

    assert empty_archive.patient_ids() == names
    assert [row.patient_id for row in empty_archive.patients(names[::-1])] == names[::-1]


@pytest.mark.orthanc
def test_instances_are_asked_for_in_groups_that_fit_an_answer(archive, tmp_path, monkeypatch):
    names = [f"GROUP{number}" for number in range(5)]
    for name in names:
        for _ in range(3):
            write(image(patient_id=name), tmp_path)
    archive.upload(tmp_path.iterdir())
    at_once = list(archive.patients(names))

    monkeypatch.setattr(summaries_module, "_MOST_INSTANCES", 7)
    queries = []
    find = archive._client.find

    def find_and_note(level, query, **page):
        queries.append(level)
        return find(level, query, **page)

    monkeypatch.setattr(archive._client, "find", find_and_note)

    assert list(archive.patients(names)) == at_once
    assert queries.count("Instance") == 3
