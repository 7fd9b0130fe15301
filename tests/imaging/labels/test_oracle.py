"""A thousand random files, filtered and measured, against plain NumPy."""

import gzip
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from imaging.errors import NiftiError
from imaging.labels import filter_labels, measure_labels
from tests.imaging.labels.oracle import Expected, expected, labels_of, rows_of
from tests.imaging.labels.phantoms import CODES, EXTENSION, Nifti, content_of

CASES_A_GROUP = 50
GROUPS = list(itertools.product(CODES, "<>"))  # 20 groups: 1,000 cases
SCALINGS = [(2.0, 0.0), (4.0, 8.0), (1.0, -8.0), (0.5, 0.0), (0.25, 3.0), (-1.0, 0.0), (1.0, 300.0)]


def palette(rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """A few values that the type can hold, 0 among them; rarely what is no label."""
    bounds = np.iinfo(dtype) if dtype.kind in "iu" else np.iinfo("i4")
    low, high = max(bounds.min, -(2**62)), min(bounds.max, 2**62)
    near = rng.integers(0, min(high, 120), rng.integers(1, 9), endpoint=True)
    far = rng.integers(low, high, rng.integers(0, 3), endpoint=True)
    values = np.concatenate([[0], near, -near[: 2 * (low < 0)], far]).astype(dtype)
    if dtype.kind == "f" and rng.random() < 0.15:
        values = np.append(values, rng.choice([0.5, np.nan, np.inf, 1e300])).astype(dtype)
    if dtype == np.dtype("u8") and rng.random() < 0.1:
        values = np.append(values, dtype.type(2**63))
    return values


def random_nifti(rng: np.random.Generator, kind: str, order: str) -> Nifti:
    dtype = np.dtype(order + kind)
    dimensions = int(rng.choice([1, 2, 3, 3, 3, 4, 5]))
    shape = tuple(rng.integers(1, 14 if dimensions < 4 else 6, dimensions).tolist())
    with np.errstate(over="ignore"):
        values = palette(rng, dtype.newbyteorder("="))
    stored = rng.choice(values, shape)
    if rng.random() < 0.7:  # in stretches, as organs are
        stored = np.repeat(stored, rng.integers(2, 9), axis=0)
    if rng.random() < 0.5:
        stored[..., rng.random(shape[-1] if dimensions > 1 else len(stored)) < 0.7] = 0
    slope, inter = SCALINGS[rng.integers(len(SCALINGS))] if rng.random() < 0.3 else (1.0, 0.0)
    return Nifti(
        stored.astype(dtype),
        version=int(rng.choice([1, 2])),
        slope=slope,
        inter=inter,
        affine=rng.normal(size=(3, 4)) * 3,
        extension=EXTENSION if rng.random() < 0.3 else b"",
        padding=bytes(int(rng.integers(0, 900))) if rng.random() < 0.3 else b"",
        order=order,
        is_pair=bool(rng.random() < 0.1),
    )


def stored_as(folder: Path, nifti: Nifti, rng: np.random.Generator) -> tuple[Path, Path]:
    """Write the file in one of its forms, and name a target of that form."""
    folder.mkdir()
    content, gz = nifti.content(), ".gz" if rng.random() < 0.7 else ""
    pack = gzip.compress if gz else bytes
    if nifti.is_pair:
        (folder / f"in.hdr{gz}").write_bytes(pack(nifti.header()))
        (folder / f"in.img{gz}").write_bytes(pack(nifti.voxels()))
        return folder / f"in.{rng.choice(['hdr', 'img'])}{gz}", folder / f"out.img{gz}"
    cut = int(rng.integers(1, len(content)))
    members = [content[:cut], content[cut:]] if gz and rng.random() < 0.3 else [content]
    (folder / f"in.nii{gz}").write_bytes(b"".join(map(pack, members)))
    return folder / f"in.nii{gz}", folder / ("out.nii.gz" if rng.random() < 0.7 else "out.nii")


def choice_of(rng: np.random.Generator, want: Expected) -> tuple[list[int], dict[int, int]]:
    there = np.unique(want.labels)
    keep = [int(label) for label in rng.choice(there, min(len(there), 3), replace=False)]
    keep += [31_999] if rng.random() < 0.3 else []
    named = [label for label in keep if label]
    remap = {named[0]: int(rng.choice([9, 77, 300, -4]))} if named and rng.random() < 0.3 else {}
    return keep, remap


def check_filter(
    source: Path, target: Path, nifti: Nifti, rng: np.random.Generator
) -> Counter[str]:
    keep, remap = choice_of(rng, expected(nifti, [], {}))
    want = expected(nifti, keep, remap)
    if want.refusal:
        with pytest.raises(want.refusal):
            filter_labels(source, target, keep, remap=remap)
        assert list(target.parent.glob("*out*")) == []
        return Counter(refused=1)

    report = filter_labels(source, target, keep, remap=remap)

    header = target.with_name(target.name.replace("img", "hdr"))
    written = (content_of(header) if nifti.is_pair else b"") + content_of(target)
    assert written == nifti.but(stored=want.stored).content()
    counts = Counter(want.labels.ravel().tolist())
    assert report.present == tuple(sorted(counts.keys() - {0}))
    assert report.kept == {label: counts[label] for label in {*keep} & {*counts} - {0}}
    assert report.missing == tuple(sorted({*keep} - {*counts} - {0}))
    return Counter(filtered=1)


def check_statistics(source: Path, nifti: Nifti) -> Counter[str]:
    labels = labels_of(nifti)
    if labels is None:
        with pytest.raises(NiftiError):
            measure_labels(source)
        return Counter(unmeasured=1)

    rows, wanted = measure_labels(source), rows_of(labels)

    assert [row.volume for row in rows] == [row[0] for row in wanted]
    affine = nifti.affine.astype(np.float32 if nifti.version == 1 else np.float64)
    ml = abs(np.linalg.det(np.float64(affine[:, :3]))) / 1000
    for row, (_, label, voxels, box, centroid) in zip(rows, wanted, strict=True):
        assert (row.id, row.voxels, row.box) == (label, voxels, box)
        assert row.centroid_voxels == pytest.approx(centroid)
        assert row.centroid_mm == pytest.approx(affine[:, :3] @ centroid + affine[:, 3], rel=1e-5)
        assert row.ml == pytest.approx(voxels * ml)
    return Counter(measured=1)


@pytest.mark.parametrize(("kind", "order"), GROUPS)
def test_files_of_every_kind_are_filtered_and_measured_as_numpy_would(kind, order, tmp_path):
    rng = np.random.default_rng([ord(letter) for letter in kind + order])
    done: Counter[str] = Counter()
    for number in range(CASES_A_GROUP):
        nifti = random_nifti(rng, kind, order)
        source, target = stored_as(tmp_path / str(number), nifti, rng)
        done += check_filter(source, target, nifti, rng)
        done += check_statistics(source, nifti)

    assert done["filtered"] + done["refused"] == CASES_A_GROUP
    assert done["measured"] + done["unmeasured"] == CASES_A_GROUP
    assert min(done["filtered"], done["measured"]) > CASES_A_GROUP / 2
