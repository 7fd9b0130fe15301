from pathlib import Path

import numpy as np
import pytest

from imaging.errors import InputError, NiftiError
from imaging.labels import filter_labels, measure_labels
from tests.imaging.labels.phantoms import EXTENSION, Nifti, content_of, organs, write

LABELS = organs()
GOOD = Nifti()


def pair_in(folder: Path, nifti: Nifti, end: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    write(folder / f"in.hdr{end}", nifti.header())
    write(folder / f"in.img{end}", nifti.voxels())
    return folder / f"in.hdr{end}"


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("named", ["hdr", "img"])
def test_a_pair_stays_a_pair_whichever_file_is_named(named, end, version, tmp_path):
    nifti = GOOD.but(is_pair=True, version=version, extension=EXTENSION)
    source = pair_in(tmp_path / "pair", nifti, end).with_name(f"in.{named}{end}")

    filter_labels(source, tmp_path / f"out/kept.{named}{end}", [5])

    assert content_of(tmp_path / f"out/kept.hdr{end}") == nifti.header()
    kept = np.where(LABELS == 5, LABELS, 0).astype("<u1")
    assert content_of(tmp_path / f"out/kept.img{end}") == kept.tobytes(order="F")
    assert [row.id for row in measure_labels(source)] == [1, 5, 7, 11]


def test_bytes_before_the_voxels_of_an_img_are_copied(tmp_path):
    nifti = GOOD.but(is_pair=True, vox_offset=16)
    source = pair_in(tmp_path, nifti)
    (tmp_path / "in.img").write_bytes(b"before the voxel" + nifti.voxels())

    filter_labels(source, tmp_path / "out.hdr", [1, 5, 7, 11])

    assert (tmp_path / "out.img").read_bytes() == b"before the voxel" + nifti.voxels()


def test_a_pair_of_which_one_file_only_is_packed_is_read(tmp_path):
    source = pair_in(tmp_path, GOOD.but(is_pair=True))
    write(tmp_path / "in.img.gz", GOOD.voxels())
    (tmp_path / "in.img").unlink()

    assert len(measure_labels(source)) == 4


def test_a_broken_img_leaves_the_old_pair(tmp_path):
    source = pair_in(tmp_path / "new", GOOD.but(is_pair=True))
    target = pair_in(tmp_path / "old", GOOD.but(is_pair=True))
    (tmp_path / "new/in.img").write_bytes(GOOD.voxels()[:-1])

    with pytest.raises(NiftiError, match="1 bytes of voxels are missing"):
        filter_labels(source, target, [5])

    assert {path.name for path in target.parent.iterdir()} == {"in.hdr", "in.img"}
    assert (tmp_path / "old/in.img").read_bytes() == GOOD.voxels()


def test_an_old_header_is_never_over_new_voxels(tmp_path, monkeypatch):
    source = pair_in(tmp_path / "new", GOOD.but(is_pair=True))
    target = pair_in(tmp_path / "old", GOOD.but(is_pair=True))
    really_replace = Path.replace

    def replace_until_killed(part, path):
        if path.suffix == ".hdr":
            raise KeyboardInterrupt
        return really_replace(part, path)

    monkeypatch.setattr(Path, "replace", replace_until_killed)
    with pytest.raises(KeyboardInterrupt):
        filter_labels(source, target, [5])

    assert [path.name for path in target.parent.iterdir()] == ["in.img"]


def test_a_pair_without_its_img_is_not_found(tmp_path):
    source = pair_in(tmp_path, GOOD.but(is_pair=True))
    (tmp_path / "in.img").unlink()

    with pytest.raises(FileNotFoundError):
        filter_labels(source, tmp_path / "out.hdr", [5])


def test_a_single_header_under_a_pairs_name_is_refused(tmp_path):
    with pytest.raises(NiftiError, match="not both"):
        measure_labels(pair_in(tmp_path, GOOD))


@pytest.mark.parametrize(("is_pair", "target"), [(True, "out.nii.gz"), (False, "out.hdr")])
def test_a_pair_does_not_become_a_single_file_nor_the_reverse(is_pair, target, tmp_path):
    single = write(tmp_path / "in.nii", GOOD.content())
    source = pair_in(tmp_path / "pair", GOOD.but(is_pair=True)) if is_pair else single

    with pytest.raises(InputError, match=r"a pair \.hdr and \.img stays one"):
        filter_labels(source, tmp_path / "out" / target, [5])

    assert not (tmp_path / "out").exists()
