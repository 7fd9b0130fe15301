import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from imaging.errors import InputError, NiftiError
from imaging.labels import FilterReport, filter_labels, measure_labels, read_head
from tests.imaging.labels.phantoms import (
    EXTENSION,
    Nifti,
    content_of,
    in_order,
    organs,
    stored_in,
    write,
)

LABELS = organs()
GOOD = Nifti()


@pytest.fixture
def source(tmp_path) -> Path:
    return write(tmp_path / "in.nii.gz", GOOD.content())


def test_the_report_says_what_was_kept_what_was_missing_and_what_is_there(source, tmp_path):
    report = filter_labels(source, tmp_path / "out.nii.gz", [11, 5, 99, 0])

    assert report == FilterReport(
        kept={5: 210, 11: 216},
        missing=(99,),
        present=(1, 5, 7, 11),
        trailing_bytes=0,
        voxel_ml=report.voxel_ml,
    )
    assert report.voxel_ml == pytest.approx(0.000952)
    assert report.ml == {5: pytest.approx(0.19992), 11: pytest.approx(0.205632)}


def test_ids_that_no_type_could_hold_are_missing_and_no_error(source, tmp_path):
    report = filter_labels(source, tmp_path / "out.nii.gz", [5, 300, -1, 10**30])

    assert report.missing == (-1, 300, 10**30)
    assert report.kept == {5: 210}


def test_numpys_integers_are_ids_and_fractions_are_none(source, tmp_path):
    report = filter_labels(source, tmp_path / "out.nii.gz", np.array([5, 99], dtype=np.int16))

    assert [type(label) for label in (*report.kept, *report.missing)] == [int, int]
    with pytest.raises(InputError, match="not by float"):
        filter_labels(source, tmp_path / "out.nii.gz", np.array([5.5]).tolist())


def test_keeping_nothing_leaves_an_empty_map(source, tmp_path):
    assert filter_labels(source, tmp_path / "out.nii.gz", []).kept == {}
    assert not stored_in(tmp_path / "out.nii.gz", GOOD).any()


@pytest.mark.parametrize("dtype", ["<u1", ">i2", "<u4", ">i8", "<f4", ">f8"])
def test_labels_change_their_numbers_and_two_may_become_one(dtype, tmp_path):
    nifti = in_order(LABELS, dtype)
    source = write(tmp_path / "in.nii.gz", nifti.content())

    remap = {5: 77, 7: 77, 11: 5}
    report = filter_labels(source, tmp_path / "out.nii.gz", [1, 5, 7, 11], remap=remap)

    numbers = np.arange(12)
    numbers[list(remap)] = list(remap.values())
    assert np.array_equal(stored_in(tmp_path / "out.nii.gz", nifti), numbers[LABELS])
    assert report.kept == {1: 1, 5: 210, 7: 125, 11: 216}


def test_new_numbers_are_written_under_the_headers_scaling(tmp_path):
    nifti = Nifti((LABELS + 5).astype("<i2"), slope=2.0, inter=-10.0)
    source = write(tmp_path / "in.nii.gz", nifti.content())

    filter_labels(source, tmp_path / "out.nii.gz", [10, 22], remap={22: 400})

    stored = stored_in(tmp_path / "out.nii.gz", nifti)
    assert {*np.unique(2 * stored.astype(int) - 10)} == {0, 10, 400}


@pytest.mark.parametrize(
    ("nifti", "remap", "reason"),
    [
        (GOOD, {5: 300}, "cannot be written as uint8"),
        (GOOD, {5: -1}, "cannot be written as uint8"),
        (in_order(LABELS, "<f4"), {5: 2**24 + 1}, "cannot be written as float32"),
        (in_order(LABELS, "<i8"), {5: 2**63}, "cannot be written as int64"),
        (GOOD.but(slope=2.0), {10: 7}, "cannot be written"),
        (GOOD, {5: 0}, "background"),
        (GOOD, {0: 5}, "background"),
        (GOOD, {7: 8}, r"kept can be renamed, not \[7\]"),
    ],
)
def test_numbers_that_do_not_fit_or_make_no_sense_are_refused(nifti, remap, reason, tmp_path):
    source = write(tmp_path / "in.nii.gz", nifti.content())

    with pytest.raises(InputError, match=reason) as refused:
        filter_labels(source, tmp_path / "out.nii.gz", [0, 5, 10], remap=remap)

    assert not isinstance(refused.value, NiftiError)  # the file is not to blame
    assert list(tmp_path.iterdir()) == [source]


def test_zeros_of_either_sign_stay_as_they_are(tmp_path):
    stored = np.where(LABELS, LABELS, -0.0).astype("<f4")
    stored[0] = 0.0
    nifti = Nifti(stored)
    source = write(tmp_path / "in.nii.gz", nifti.content())

    filter_labels(source, tmp_path / "out.nii.gz", [1, 5, 7, 11])

    assert content_of(tmp_path / "out.nii.gz") == nifti.content()
    assert {row.id for row in measure_labels(source)} == {1, 5, 7, 11}


@pytest.mark.parametrize("level", range(4))
def test_every_level_of_compression_holds_the_same_voxels(level, source, tmp_path):
    filter_labels(source, tmp_path / "out.nii.gz", [1, 5, 7, 11], compress_level=level)

    assert content_of(tmp_path / "out.nii.gz") == GOOD.content()


@pytest.mark.parametrize("level", [-1, 4, 9])
def test_levels_that_isal_does_not_have_are_refused(level, source, tmp_path):
    with pytest.raises(InputError, match="level is 0 to 3"):
        filter_labels(source, tmp_path / "out.nii.gz", [5], compress_level=level)


def test_the_same_choice_gives_the_same_bytes(source, tmp_path):
    for name in ("one.nii.gz", "two.nii.gz"):
        filter_labels(source, tmp_path / name, [5])

    assert (tmp_path / "one.nii.gz").read_bytes() == (tmp_path / "two.nii.gz").read_bytes()


def test_a_file_may_be_filtered_into_its_own_place(source):
    filter_labels(source, source, [5])

    kept = GOOD.but(stored=np.where(LABELS == 5, LABELS, 0).astype("<u1"))
    assert content_of(source) == kept.content()


def test_a_full_disk_leaves_the_old_result(source, tmp_path, full_disk, monkeypatch):
    target = tmp_path / "out.nii.gz"
    target.write_text("old")
    really_open = Path.open

    def open_on_full_disk(path, *args, **kwargs):
        return really_open(full_disk if "out" in path.name else path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open_on_full_disk)
    with pytest.raises(OSError, match="No space left"):
        filter_labels(source, target, [5])
    monkeypatch.undo()

    assert {path.name for path in tmp_path.iterdir()} == {"in.nii.gz", "out.nii.gz"}
    assert target.read_text() == "old"


def test_the_head_is_given_with_its_extensions(tmp_path):
    nifti = in_order(LABELS, ">i2").but(version=2, extension=EXTENSION)

    header, head = read_head(write(tmp_path / "in.nii.gz", nifti.content()))

    assert head == nifti.header()
    assert (header.version, header.shape, header.dtype) == (2, LABELS.shape, np.dtype(">i2"))


@pytest.mark.parametrize("dtype", ["<u1", "<i2", "<i4"])
def test_memory_does_not_grow_with_the_file(dtype, tmp_path):
    stored = np.repeat(LABELS.astype(dtype), 300, axis=0)  # 2.8 million voxels
    wide = Nifti(np.concatenate([stored] * 8, axis=2))
    source = write(tmp_path / "in.nii.gz", wide.content())
    filter_labels(source, tmp_path / "out.nii.gz", [5])  # tables of other modules are made once

    tracemalloc.start()
    filter_labels(source, tmp_path / "out.nii.gz", [5])
    measure_labels(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert wide.stored.nbytes > 20e6
    assert peak < 14e6


FREE = [(4, 40), (56, 70), (74, 76), (120, 123), (124, 252), (328, 344)]


def test_header_fields_that_say_nothing_of_voxels_are_neither_read_nor_changed(tmp_path):
    """Texts, intent, times, ranges of display: of NIfTI-1 all that no reader of labels needs."""
    content = bytearray(GOOD.content())
    for first, last in FREE:
        content[first:last] = bytes(range(1, 1 + last - first))
    source = write(tmp_path / "in.nii.gz", bytes(content))

    report = filter_labels(source, tmp_path / "out.nii.gz", [1, 5, 7, 11])

    assert content_of(tmp_path / "out.nii.gz") == bytes(content)
    assert report.present == (1, 5, 7, 11)
