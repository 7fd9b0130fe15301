"""Which dictionary a label map has: given, beside it, in its header, or assumed."""

from pathlib import Path

import pytest

from imaging.errors import InputError, NiftiError
from imaging.labels import dictionary_for
from imaging.labels.dictionaries import (
    LabelDictionary,
    described,
    embed_dictionary,
    known,
    write_dictionary,
)
from tests.imaging.labels.phantoms import Nifti, write

GOOD = Nifti()
RIBS = LabelDictionary((described(5, "rib_left_2"), described(12, "spleen")))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "in.nii.gz", GOOD.content())


OF_IMAGE = ["in.tsv", "in_dseg.tsv", "in.label", "in.ctbl", "in.xml"]
OF_FOLDER = ["labels.tsv", "dseg.tsv"]


def test_the_images_own_tables_come_first_then_its_header_then_the_folders_tables(source, tmp_path):
    embed_dictionary(source, source, RIBS)
    for name in [*OF_IMAGE, *OF_FOLDER]:
        write_dictionary(tmp_path / name, LabelDictionary((described(5, f"from_{name}"),)))

    for name in OF_IMAGE:
        found = dictionary_for(source)
        assert (found.where, found.dictionary.name_of(5)) == ("beside the file", f"from_{name}")
        (tmp_path / name).unlink()
    found = dictionary_for(source)
    assert (found.where, found.dictionary.name_of(5)) == ("embedded", "rib_left_2")
    write(source, GOOD.content())
    for name in OF_FOLDER:
        found = dictionary_for(source)
        assert (found.where, found.dictionary.name_of(5)) == ("beside the file", f"from_{name}")
        (tmp_path / name).unlink()
    assert dictionary_for(source).where == "vista3d (assumed)"
    assert dictionary_for(source).dictionary is known("vista3d")


def test_a_cohorts_own_table_is_read(source, tmp_path):
    head = "index\tname\tcolor\troi_number\tfile\tvoxels\tvolume_cc\toverlapped_voxels\n"
    (tmp_path / "labels.tsv").write_text(f"{head}5\tLung_L\t#ff0000\t9\t\t210\t0.2000\t0\n")

    assert dictionary_for(source).dictionary.name_of(5) == "Lung_L"


@pytest.mark.parametrize("model", ["vista3d", "totalsegmentator", " VISTA3D "])
def test_a_model_is_given_by_its_name_whatever_the_file_says(model, source):
    embed_dictionary(source, source, RIBS)

    found = dictionary_for(source, model)

    assert found.where == model.strip().lower()
    assert len(found.dictionary) in {132, 117}


def test_a_dictionary_is_given_by_its_path(source, tmp_path):
    path = write_dictionary(tmp_path / "other.label", RIBS)

    found = dictionary_for(source, str(path))

    assert (found.where, found.dictionary.name_of(12)) == ("given", "spleen")


def test_a_dictionary_that_is_not_there_is_refused_without_its_path(source, tmp_path):
    with pytest.raises(InputError, match="neither one of vista3d, totalsegmentator nor") as caught:
        dictionary_for(source, str(tmp_path / "doe_jane.tsv"))
    assert "doe" not in str(caught.value)


def test_a_damaged_header_is_no_reason_to_assume_names(tmp_path):
    source = write(tmp_path / "in.nii", b"\0" * 400)

    with pytest.raises(NiftiError):
        dictionary_for(source)
