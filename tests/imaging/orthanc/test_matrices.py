import pytest

from imaging.orthanc.matrices import matrices
from imaging.phantoms import Cohort, PhantomSize
from tests.imaging.dicom.instances import image, only_series, write

HEADER = 1500


def tags(rows, columns, **more):
    numbers = {"Rows": rows, "Columns": columns, "BitsAllocated": 16, "SamplesPerPixel": 1}
    return {name: str(value) for name, value in (numbers | more).items()}


class Series:
    """Images by name, each with its tags and size; remembers which were asked for."""

    def __init__(self, **images):
        self.images = images
        self.asked = []

    def ask(self, name):
        self.asked.append(name)
        return self.images[name][0]

    def matrices(self):
        sizes = {name: size for name, (_, size) in self.images.items()}
        first = min(self.images)
        return matrices(sizes, first, self.images[first][0], self.ask)


def plain(rows, columns, header=HEADER):
    return tags(rows, columns), 2 * rows * columns + header


def test_images_of_one_size_need_no_other_question():
    series = Series(a=plain(512, 512), b=plain(512, 512, HEADER + 900), c=plain(512, 512))

    assert series.matrices() == dict.fromkeys("abc", (512, 512))
    assert series.asked == []


@pytest.mark.parametrize("other", [(256, 256), (500, 512), (1024, 1024), (512, 530)])
def test_one_image_of_each_other_size_is_asked_for(other):
    series = Series(a=plain(512, 512), b=plain(*other), c=plain(512, 512), d=plain(*other))

    assert series.matrices() == {"a": (512, 512), "c": (512, 512), "b": other, "d": other}
    assert series.asked == ["b"]


def test_of_compressed_images_only_the_one_that_was_read_is_told():
    small = (tags(512, 512), 90_000)
    series = Series(a=small, b=(tags(512, 512), 120_000), c=(tags(256, 256), 60_000))

    assert series.matrices() == {"a": (512, 512)}
    assert series.asked == []


def test_a_compressed_image_among_others_speaks_for_itself_only():
    squeezed = (tags(512, 512), 90_000)
    series = Series(a=plain(512, 512), b=squeezed, c=squeezed)

    assert series.matrices() == {"a": (512, 512), "b": (512, 512)}


def test_frames_and_samples_count():
    frames = tags(64, 64, NumberOfFrames=100)
    assert Series(a=(frames, 2 * 64 * 64 + HEADER), b=(frames, 1)).matrices() == {"a": (64, 64)}
    whole = 100 * 2 * 64 * 64 + HEADER
    assert Series(a=(frames, whole), b=(frames, whole)).matrices() == dict.fromkeys("ab", (64, 64))


def test_questions_are_bounded():
    images = {f"i{number:02}": plain(64 + 4 * number, 512) for number in range(30)}
    series = Series(**images)

    told = series.matrices()

    assert len(series.asked) <= 8
    assert all(told[name] == (64 + 4 * int(name[1:]), 512) for name in told)


def test_without_rows_nothing_is_told():
    assert Series(a=({}, 1000), b=({}, 1000)).matrices() == {"a": ()}


@pytest.mark.orthanc
def test_a_series_of_mixed_sizes_is_told_with_one_request_more(proxied, proxy, tmp_path):
    sides = {write(image(patient_id="MIXED", side=s), tmp_path).stem: s for s in (64, 64, 96, 64)}
    proxied.upload(tmp_path.iterdir())
    proxy.requests.clear()

    series = only_series(proxied, "MIXED")

    assert {row.sop_instance_uid: row.matrix for row in series.instances} == {
        uid: (side, side) for uid, side in sides.items()
    }
    assert len(proxy.requests) == 3 + 2


@pytest.mark.orthanc
def test_every_slice_of_an_ordinary_cohort_has_its_matrix(empty_archive, tmp_path):
    cohort = Cohort(seed=3, size=PhantomSize.tiny())
    cohort.add()
    empty_archive.upload(cohort.write(tmp_path / "in"))

    (row,) = empty_archive.patients(["SUB001"])

    for series in row.series:
        expected = (
            (int(series.tags["Rows"]), int(series.tags["Columns"]))
            if series.modality == "CT"
            else ()
        )
        assert {instance.matrix for instance in series.instances} == {expected}
