"""A second call does what has changed, and nothing else."""

import os
from dataclasses import replace

import pytest

from imaging.volumes import Resampling, write_products
from tests.imaging.volumes.series import MASKS_ONLY, made, structures
from tests.imaging.volumes.test_masks import blank, circle, stacked
from tests.imaging.volumes.test_products import ALL, contents_of, files_in


def test_a_second_call_does_nothing_and_says_the_same(case, tmp_path):
    first = write_products(case, tmp_path / "out", ALL, Resampling())
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}

    again = write_products(case, tmp_path / "out", ALL, Resampling())

    assert again.reused
    assert (again.findings, again.files) == (first.findings, first.files)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == times


def touch(case, _):
    os.utime(case.images[3], ns=(1, 1))


def remove(_, out):
    (out / "nifti/masks/PTV.nii.gz").unlink()


def shorten(_, out):
    (out / "nifti/CT.nii.gz").write_bytes(b"half")


def break_record(_, out):
    (out / "products.json").write_text('{"key": ', encoding="utf-8")


@pytest.mark.parametrize("change", [touch, remove, shorten, break_record])
def test_what_changed_or_is_gone_is_written_again(change, case, tmp_path):
    write_products(case, tmp_path / "out", ALL, Resampling())
    before = contents_of(tmp_path / "out")
    change(case, tmp_path / "out")

    result = write_products(case, tmp_path / "out", ALL, Resampling())

    assert not result.reused
    del before["products.json"]
    assert {name: contents_of(tmp_path / "out")[name] for name in before} == before


@pytest.mark.parametrize(
    "options",
    [
        (replace(ALL, dose_on_image=False), Resampling(), ()),
        (ALL, Resampling(fill_missing_slices=1), ()),
        (ALL, Resampling(straighten_tilt=True), ()),
        (ALL, Resampling(), ("PTV",)),
    ],
)
def test_other_choices_are_other_products(options, case, tmp_path):
    write_products(case, tmp_path / "out", ALL, Resampling())

    assert not write_products(case, tmp_path / "out", *options).reused


def test_another_policy_of_the_dose_is_another_dose(case, tmp_path):
    write_products(case, tmp_path / "out", ALL, Resampling())
    other = replace(case, dose=replace(case.dose, policy="sum of two plans"))

    assert not write_products(other, tmp_path / "out", ALL, Resampling()).reused


def test_no_mask_stays_of_a_roi_that_was_renamed(tmp_path):
    images = blank(tmp_path)
    made(tmp_path, images, structures(tmp_path, {"Old": stacked([circle(9)])}), wanted=MASKS_ONLY)

    path = structures(tmp_path, {"Renamed": stacked([circle(9)])})
    made(tmp_path, images, path, wanted=MASKS_ONLY)

    assert files_in(tmp_path / "nifti/masks") == {"Renamed.nii.gz", "rois.json"}


def test_other_files_of_the_patient_are_not_touched(case, tmp_path):
    (tmp_path / "out/nifti").mkdir(parents=True)
    (tmp_path / "out/receipt.json").write_text("{}", encoding="utf-8")
    (tmp_path / "out/nifti/notes.txt").write_text("mine", encoding="utf-8")

    write_products(case, tmp_path / "out", ALL, Resampling())

    assert {"receipt.json", "nifti/notes.txt"} < files_in(tmp_path / "out")
