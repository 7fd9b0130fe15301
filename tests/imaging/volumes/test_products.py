"""What lies in a patient's folder: all of it, once, and nothing of an earlier run."""

import gzip
import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from imaging.errors import InputError
from imaging.phantoms import write_datasets
from imaging.phantoms.outlined import rtstruct_of
from imaging.volumes import (
    DoseSource,
    FindingKind,
    Resampling,
    Wanted,
    filling,
    nifti,
    products,
    write_products,
)
from imaging.volumes import masks as masks_module
from tests.imaging.volumes.series import evidence, kinds, made, series, written
from tests.imaging.volumes.test_masks import circle, stacked

NAMES = ("BODY", "Esophagus", "Heart", "Liver", "Lung_L", "Lung_R", "PTV", "SpinalCord")
EVERYTHING = {
    "nifti/CT.nii.gz",
    "nifti/dose.nii.gz",
    "nifti/dose_on_ct.nii.gz",
    "nifti/labels.nii.gz",
    "nifti/labels.tsv",
    "nifti/masks/rois.json",
    *(f"nifti/masks/{name}.nii.gz" for name in NAMES),
    "rois.png",
}
ALL = Wanted(dose_on_image=True)


def files_in(folder):
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found}


def contents_of(folder):
    return {name: (folder / name).read_bytes() for name in files_in(folder)}


def test_everything_that_is_wanted_is_there(case, tmp_path):
    result = write_products(case, tmp_path / "out", ALL, Resampling())

    assert files_in(tmp_path / "out") == EVERYTHING | {"products.json"}
    assert {path.as_posix() for path in result.files} == EVERYTHING
    assert not result.reused
    assert kinds(result) == [
        FindingKind.IMAGE_WRITTEN,
        FindingKind.MASKS_WRITTEN,
        FindingKind.DOSE_WRITTEN,
    ]
    record = json.loads((tmp_path / "out/products.json").read_text(encoding="utf-8"))
    assert record["geometry"]["size"] == [64, 64, 24]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("image", {"nifti/CT.nii.gz"}),
        ("masks", {name for name in EVERYTHING if "masks" in name}),
        ("label_map", {"nifti/labels.nii.gz", "nifti/labels.tsv"}),
        ("dose", {"nifti/dose.nii.gz"}),
        ("dose_on_image", {"nifti/dose_on_ct.nii.gz"}),
        ("pictures", {"rois.png"}),
    ],
)
def test_one_output_comes_without_the_others(name, files, case, tmp_path):
    nothing = Wanted(
        image=False, masks=False, label_map=False, dose=False, dose_on_image=False, pictures=False
    )

    write_products(case, tmp_path / "out", replace(nothing, **{name: True}), Resampling())

    assert files_in(tmp_path / "out") == files | {"products.json"}


class Killed(BaseException):
    """As a signal: nothing in between catches it."""


@pytest.mark.parametrize("after", [0, 1, 4, 8])
def test_a_call_that_was_killed_leaves_whole_files_and_the_next_completes(
    after, case, tmp_path, monkeypatch
):
    whole = tmp_path / "whole"
    write_products(case, whole, ALL, Resampling())
    out = tmp_path / "out"
    write_products(case, out, Wanted(pictures=False), Resampling())
    calls = []

    def write_some(*args):
        calls.append(args)
        if len(calls) > after:
            raise Killed
        return nifti.write_nifti(*args)

    with monkeypatch.context() as patched:
        patched.setattr(masks_module, "write_nifti", write_some)
        with pytest.raises(Killed):
            write_products(case, out, ALL, Resampling())

    assert "products.json" not in files_in(out)
    for path in out.rglob("*.nii.gz"):
        gzip.decompress(path.read_bytes())
    assert len(list(out.rglob("masks/*.nii.gz"))) == after
    left_behind = out / "nifti/masks/.abc.part-Old.nii.gz"  # as after a power cut
    left_behind.write_bytes(b"half")
    assert not write_products(case, out, ALL, Resampling()).reused
    assert contents_of(out) == contents_of(whole)


def test_an_error_that_nobody_foresaw_costs_the_masks_only(case, tmp_path, monkeypatch):
    done = []

    def fail_at_the_third(*args):
        done.append(args)
        return filling.filled(*args) if len(done) < 3 else 1 / 0

    monkeypatch.setattr(masks_module, "filled", fail_at_the_third)

    result = write_products(case, tmp_path / "out", ALL, Resampling())

    assert FindingKind.MASKS_FAILED in kinds(result)
    assert len(done) == 3
    assert not list(tmp_path.glob("out/nifti/masks/*"))
    assert {"nifti/CT.nii.gz", "nifti/dose.nii.gz"} < files_in(tmp_path / "out")


def test_an_error_of_the_picture_does_not_cost_the_image(case, tmp_path, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(products, "write_pictures", fail)

    result = write_products(case, tmp_path / "out", ALL, Resampling())

    assert FindingKind.IMAGE_FAILED in kinds(result)
    assert files_in(tmp_path / "out") == EVERYTHING - {"rois.png"} | {"products.json"}


def test_a_dose_that_cannot_be_used_costs_the_dose_only_and_is_not_tried_again(case, tmp_path):
    tried = []

    def refuse():
        tried.append("once")
        msg = "two plans"
        raise InputError(msg)

    other = replace(case, dose=DoseSource(case.dose.files, refuse))
    result = write_products(other, tmp_path / "out", ALL, Resampling())
    again = write_products(other, tmp_path / "out", ALL, Resampling())

    assert evidence(result, FindingKind.DOSE_REFUSED) == {"reason": "two plans"}
    no_dose = EVERYTHING - {"nifti/dose.nii.gz", "nifti/dose_on_ct.nii.gz"}
    assert files_in(tmp_path / "out") == no_dose | {"products.json"}
    assert (again.reused, again.findings, tried) == (True, result.findings, ["once"])


def test_an_error_of_the_dose_does_not_cost_the_masks(case, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(products, "write_dose", fail)

    result = write_products(case, tmp_path / "out", ALL, Resampling())

    assert "Traceback" in evidence(result, FindingKind.DOSE_FAILED)["reason"]
    assert "nifti/masks/PTV.nii.gz" in files_in(tmp_path / "out")


def test_bytes_are_the_same_in_every_run_and_name_nobody(case, tmp_path):
    write_products(case, tmp_path / "one", ALL, Resampling())
    write_products(case, tmp_path / "two", ALL, Resampling())

    assert contents_of(tmp_path / "one") == contents_of(tmp_path / "two")
    for name, content in contents_of(tmp_path / "one").items():
        plain = gzip.decompress(content) if name.endswith(".gz") else content
        assert b"Quillfeather" not in plain
        assert b"SUB001" not in plain


def test_memory_does_not_grow_with_the_number_of_rois(tmp_path):
    values = np.zeros((24, 240, 200), np.int16)
    images = written(series(values, origin_mm=(-50, -48, -36), spacing_mm=(3, 0.4, 0.5)), tmp_path)

    def peak(count):
        rois = {f"ROI {n}": stacked([circle(30 + n / 100, count=12)]) for n in range(count)}
        (path,) = write_datasets([rtstruct_of(rois)], tmp_path)
        tracemalloc.start()
        made(tmp_path / str(count), images, path, wanted=Wanted(dose=False))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)  # what is loaded once
    few, many = peak(4), peak(40)
    assert many - few < 36 * values.size / 20  # the contours; masks would be ten times as much
