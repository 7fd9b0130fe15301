"""Which label maps a run is about, and what they are called where others look on."""

import os
from pathlib import Path

import pandas as pd
import pytest

from imaging.errors import InputError
from imaging.segmentations import label_maps_of
from imaging.segmentations.sources import OUTPUTS
from imaging.settings import case_id
from tests.imaging.segmentations.files import cohort, label_map, settings_of


@pytest.fixture
def root(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("IMAGING_PROJECT_KEY", "k" * 32)
    return tmp_path / "data"


def _hash(text: str) -> str:
    return case_id(text, b"k" * 32)


def _relatives(found) -> list[str]:
    return [file.relative.as_posix() for file in found.files]


def test_one_file_is_named_by_a_hash_of_its_name(root):
    path = label_map(root / "Doe_Jane.nii.gz")

    found = label_maps_of("Doe_Jane.nii.gz", settings_of(root))

    (file,) = found.files
    assert file.case_id == found.title == _hash("Doe_Jane")
    assert (file.path, file.relative, file.image) == (path, Path("Doe_Jane.nii.gz"), None)
    assert not file.is_named_by_us


def test_a_path_may_be_absolute(root, tmp_path):
    path = label_map(tmp_path / "elsewhere" / "a.nii")

    assert label_maps_of(str(path), settings_of(root)).files[0].path == path


def test_a_folder_gives_what_lies_below_it_but_hidden_files_and_outputs(root):
    folder = root / "scans"
    for name in ("b.nii.gz", "a.nii", "Doe/c.NII.GZ", ".hidden.nii", ".git/d.nii", "out/e.nii"):
        label_map(folder / name)
    (folder / "out" / OUTPUTS).touch()
    (folder / "notes.txt").touch()
    (folder / "pair.hdr").touch()
    (folder / "pair.img").touch()

    found = label_maps_of("scans", settings_of(root))

    assert _relatives(found) == ["Doe/c.NII.GZ", "a.nii", "b.nii.gz", "pair.hdr"]
    assert [file.case_id for file in found.files][:2] == [_hash("Doe_c"), _hash("a")]
    assert found.title == "scans"


def test_a_folder_of_outputs_is_a_source_when_it_is_asked_for(root):
    label_map(root / "out" / "e.nii")
    (root / "out" / OUTPUTS).touch()

    assert _relatives(label_maps_of("out", settings_of(root))) == ["e.nii"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("*_seg*", ["P1/a_seg.nii", "P2/b_seg.nii"]), ("P2/*", ["P2/b_seg.nii", "P2/ct.nii"])],
)
def test_a_pattern_chooses_by_name_or_by_path(pattern, found, root):
    for name in ("P1/a_seg.nii", "P2/b_seg.nii", "P2/ct.nii"):
        label_map(root / "scans" / name)

    assert _relatives(label_maps_of("scans", settings_of(root), pattern=pattern)) == found


def test_label_maps_that_differ_by_their_ending_alone_get_names_and_places_apart(root):
    for name in ("a.nii", "a.nii.gz", "A.nii"):
        label_map(root / "scans" / name)

    found = label_maps_of("scans", settings_of(root))

    names = [file.case_id for file in found.files]
    assert names == [_hash("A"), _hash("a"), f"{_hash('a')}-2"]
    assert _relatives(found) == ["A.nii", f"{_hash('a')}/a.nii", f"{_hash('a')}-2/a.nii.gz"]


def test_names_are_shown_where_the_archive_is_pseudonymous(root):
    label_map(root / "scans" / "P1" / "a.nii")
    label_map(root / "scans" / "Jane Doe.nii")

    found = label_maps_of("scans", settings_of(root, show_patient_ids=True))

    assert {file.case_id for file in found.files} == {"P1_a", _hash("Jane Doe")}


@pytest.mark.parametrize(
    "source",
    [
        "mine",
        "cohorts/mine",
        "cohorts/mine/manifest.parquet",
        "cohorts/mine/manifest.csv",
    ],
)
def test_a_cohort_gives_each_case_with_its_ct(source, root):
    folder = root / "cohorts" / "mine"
    cohort(folder, "case-1", "case-2")

    found = label_maps_of(source, settings_of(root))

    nifti = folder / "patients" / "case-1" / "nifti"
    assert [file.case_id for file in found.files] == ["case-1", "case-2"]
    assert found.files[0].path == nifti / "labels.nii.gz"
    assert found.files[0].image == nifti / "CT.nii.gz"
    assert _relatives(found) == ["case-1/labels.nii.gz", "case-2/labels.nii.gz"]
    assert found.title == "mine"
    assert all(file.is_named_by_us and not file.is_expected for file in found.files)


def test_a_cohort_that_was_moved_is_still_found(root):
    cohort(root / "cohorts" / "mine", "case-1")
    moved = (root / "cohorts" / "mine").rename(root / "moved")

    (file,) = label_maps_of("moved", settings_of(root)).files

    assert file.path == moved / "patients" / "case-1" / "nifti" / "labels.nii.gz"


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
def test_a_table_lists_label_maps_from_its_folder_or_the_data_root(ending, root):
    label_map(root / "lists" / "near.nii")
    label_map(root / "far.nii.gz")
    rows = pd.DataFrame(
        {
            "Labels": ["near.nii", "far.nii.gz", "", "gone.nii"],
            "Patient": ["007", "007", "008", "009"],
        }
    )
    table = root / "lists" / f"mine{ending}"
    if ending == ".parquet":
        rows.to_parquet(table)
    else:
        rows.to_csv(table, sep="\t" if ending == ".tsv" else ",", index=False)

    found = label_maps_of(f"lists/mine{ending}", settings_of(root))

    first, second, gone = found.files
    assert (first.path, second.path) == (root / "lists" / "near.nii", root / "far.nii.gz")
    assert first.case_id == _hash("007")
    assert second.case_id == f"{_hash('007')}-2"
    assert gone.case_id == _hash("009")
    assert not gone.path.exists()
    assert first.relative == Path(_hash("007")) / "labels.nii"
    assert found.title == "mine"


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.parquet"])
def test_a_manifest_of_ones_own_is_a_table_and_no_cohort(name, root):
    label_map(root / "scans" / "a.nii")
    rows = pd.DataFrame({"patient": ["007"], "file": ["a.nii"]})
    table = root / "scans" / name
    rows.to_csv(table, index=False) if name.endswith(".csv") else rows.to_parquet(table)

    listed = label_maps_of(f"scans/{name}", settings_of(root))
    beside = label_maps_of("scans", settings_of(root))

    assert [file.case_id for file in listed.files] == [_hash("007")]
    assert _relatives(beside) == ["a.nii"]


def test_case_ids_of_a_table_are_shown_unless_they_cannot_name_a_file(root):
    table = root / "mine.csv"
    root.mkdir()
    table.write_text("file,case_id\na.nii,case-7\nb.nii,../x\n,case-9\n")

    found = label_maps_of("mine.csv", settings_of(root))

    assert [file.case_id for file in found.files] == ["case-7", _hash("../x")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("  ", "give a label map"),
        ("nowhere", "no such file, folder or cohort"),
        ("empty", "no label map is there"),
        ("bad.csv", "needs a column labels or file or path"),
        ("broken.parquet", "cannot be read: ArrowInvalid"),
        ("Doe" * 2000, "^the source cannot be read: File name too long$"),
    ],
)
def test_a_source_that_holds_nothing_is_refused(source, message, root):
    (root / "empty").mkdir(parents=True)
    (root / "bad.csv").write_text("name\nDoe\n")
    (root / "broken.parquet").write_text("no table")

    with pytest.raises(InputError, match=message):
        label_maps_of(source, settings_of(root))


def test_a_folder_that_cannot_be_read_is_left_out_and_told_without_its_name(
    root, monkeypatch, caplog
):
    label_map(root / "scans" / "a.nii")
    label_map(root / "scans" / "Doe" / "b.nii")
    scandir = os.scandir

    def guarded(path):
        if Path(path).name == "Doe":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", guarded)

    assert _relatives(label_maps_of("scans", settings_of(root))) == ["a.nii"]
    assert "a folder below the source is left out: Permission denied" in caplog.text
    assert "Doe" not in caplog.text
