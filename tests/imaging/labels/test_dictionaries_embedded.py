import gzip
import struct
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from imaging.errors import InputError, NiftiError
from imaging.labels.dictionaries import (
    described,
    dictionary_of,
    embed_dictionary,
    embedded_dictionary,
    known,
    read_dictionary,
)

VOXELS = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
TWO = dictionary_of([described(1, "spleen"), described(77, "A & <b>")])


def total_segmentators(names: dict[int, str]) -> bytes:
    """Names as TotalSegmentator writes them into an image."""
    rows = "".join(
        f'<Label Key="{key}" Red="{key / 255}" Green="0.0" Blue="1.0" Alpha="1">'
        f"<![CDATA[{name}]]></Label>\n"
        for key, name in names.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?> <CaretExtension>  <Date><![CDATA[2013-07-14]]>'
        f'</Date>   <VolumeInformation Index="0">   <LabelTable>\n{rows}\n  </LabelTable>'
        "  <StudyMetaDataLinkSet>  </StudyMetaDataLinkSet>  <VolumeType><![CDATA[Label]]>"
        "</VolumeType>   </VolumeInformation></CaretExtension>\n              "
    ).encode()


def image(path: Path, *extensions: tuple[int, bytes], kind: type = nib.Nifti1Image) -> Path:
    made = kind(VOXELS, np.diag([1.0, 2.0, 3.0, 1.0]))
    for code, content in extensions:
        made.header.extensions.append(nib.nifti1.Nifti1Extension(code, content))
    nib.save(made, path)
    return path


def big_endian(path: Path, *extensions: tuple[int, bytes]) -> Path:
    """nibabel writes extensions in the machine's order only: so by hand."""
    header = nib.Nifti1Header(endianness=">")
    header.set_data_shape(VOXELS.shape)
    header.set_data_dtype(np.int16)
    body = b"".join(
        struct.pack(">2i", 8 + len(content), code) + content for code, content in extensions
    )
    header["vox_offset"] = 352 + len(body)
    header["magic"] = b"n+1"
    voxels = VOXELS.astype(">i2").tobytes(order="F")
    path.write_bytes(header.binaryblock + b"\1\0\0\0" + body + voxels)
    return path


def whole(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def loaded_from(path: Path) -> Any:
    return nib.load(path)


def contents(path: Path) -> list[tuple[int, bytes]]:
    loaded = loaded_from(path)
    return [(part.get_code(), part.content) for part in loaded.header.extensions]


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.hdr"])
@pytest.mark.parametrize("code", [0, 30])
def test_names_in_a_header_are_read(name, code, tmp_path):
    kind = nib.Nifti1Pair if name.endswith(".hdr") else nib.Nifti1Image
    comment = (6, b"made for a test")
    path = image(
        tmp_path / name, comment, (code, total_segmentators({1: "spleen", 2: "a&b"})), kind=kind
    )

    dictionary = read_dictionary(path)

    assert dictionary == embedded_dictionary(path)
    assert [(label.id, label.name, label.color) for label in dictionary] == [
        (1, "spleen", (1, 0, 255)),
        (2, "a&b", (2, 0, 255)),
    ]


def test_names_in_a_nifti_2_header_are_read(tmp_path):
    path = image(tmp_path / "a.nii.gz", (0, total_segmentators({9: "liver"})), kind=nib.Nifti2Image)

    assert read_dictionary(path).resolve(["liver"]) == (9,)


def test_names_in_a_big_endian_header_are_read(tmp_path):
    path = big_endian(tmp_path / "a.nii", (6, b"12345678"), (0, total_segmentators({9: "liver"})))

    assert read_dictionary(path).resolve(["liver"]) == (9,)


def test_of_two_tables_the_first_counts(tmp_path):
    tables = [(0, total_segmentators({9: name})) for name in ("liver", "spleen")]

    assert read_dictionary(image(tmp_path / "a.nii", *tables)).name_of(9) == "liver"


def test_an_image_without_names_has_none(tmp_path):
    plain = image(tmp_path / "a.nii.gz")
    commented = image(tmp_path / "b.nii.gz", (6, b"<Label"))

    assert embedded_dictionary(plain) is None
    assert embedded_dictionary(commented) is None
    with pytest.raises(InputError, match="no names"):
        read_dictionary(plain)


def test_voxels_are_not_read_for_the_names(tmp_path):
    path = image(tmp_path / "a.nii", (0, total_segmentators({9: "liver"})))
    path.write_bytes(path.read_bytes()[: -VOXELS.nbytes])

    assert read_dictionary(path).name_of(9) == "liver"


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("name", ["b.nii", "b.nii.gz"])
def test_names_are_written_into_an_image_and_all_else_stays(kind, name, tmp_path):
    source = image(tmp_path / "a.nii.gz", (6, b"hello"), kind=kind)

    target = embed_dictionary(source, tmp_path / name, known("totalsegmentator"))

    read = embedded_dictionary(target)
    assert read is not None
    assert [(label.id, label.name, label.color) for label in read] == [
        (label.id, label.name, label.color) for label in known("totalsegmentator")
    ]
    assert contents(target)[0] == contents(source)[0]
    assert np.array_equal(np.asanyarray(loaded_from(target).dataobj), VOXELS)
    size, place, length = (348, 108, 4) if kind is nib.Nifti1Image else (540, 168, 8)
    before, after = whole(source), whole(target)
    assert after[:place] == before[:place]
    assert after[place + length : size] == before[place + length : size]
    assert (len(after) - VOXELS.nbytes) % 16 == 0
    assert after[-VOXELS.nbytes :] == before[-VOXELS.nbytes :]


def test_a_big_endian_image_stays_so(tmp_path):
    source = big_endian(tmp_path / "a.nii", (6, b"12345678"))

    target = embed_dictionary(source, tmp_path / "b.nii.gz", TWO)

    loaded = loaded_from(target)
    assert loaded.header.endianness == ">"
    assert np.array_equal(np.asanyarray(loaded.dataobj), VOXELS)
    assert [label.name for label in read_dictionary(target)] == ["spleen", "A & <b>"]


def test_new_names_take_the_place_of_old_ones(tmp_path):
    old = (30, total_segmentators({9: "liver"}))
    path = image(tmp_path / "a.nii.gz", (6, b"first"), old, (6, b"last"))

    embed_dictionary(path, path, TWO)

    assert [label.name for label in read_dictionary(path)] == ["spleen", "A & <b>"]
    assert [code for code, _ in contents(path)] == [6, 0, 6]
    assert b"liver" not in whole(path)


def test_the_same_names_give_the_same_bytes(tmp_path):
    source = image(tmp_path / "a.nii.gz")

    first, again = (
        embed_dictionary(source, tmp_path / name, TWO).read_bytes()
        for name in ("b.nii.gz", "c.nii.gz")
    )

    assert first == again


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: content[:-1], "1 bytes of voxels are missing"),
        (lambda content: content + b"\0", "1 bytes follow the voxels"),
        (lambda content: content[:300], "ends inside its header"),
        (lambda content: content[:360], "before its voxels"),
        (lambda content: gzip.compress(content)[:-9], "cut off"),
        (lambda content: gzip.compress(content)[:-8] + b"12345678", "damaged"),
        (lambda _: b"no image at all" * 40, "no NIfTI"),
        (lambda content: content[:352] + struct.pack("<i", 4) + content[356:], "cannot have 4"),
        (lambda content: content[:352] + struct.pack("<i", -1) + content[356:], "cannot have -1"),
        (lambda content: content[:352] + struct.pack("<i", 4096) + content[356:], "have 4096"),
    ],
)
def test_a_damaged_image_is_refused_and_leaves_nothing(spoil, message, tmp_path):
    source = image(tmp_path / "a.nii", (6, b"hello"))
    source.write_bytes(spoil(source.read_bytes()))

    with pytest.raises(NiftiError, match=message):
        embed_dictionary(source, tmp_path / "b.nii.gz", TWO)

    assert list(tmp_path.iterdir()) == [source]


def test_names_cannot_be_written_into_a_pair(tmp_path):
    source = image(tmp_path / "a.hdr", kind=nib.Nifti1Pair)

    with pytest.raises(NiftiError, match="pair"):
        embed_dictionary(source, tmp_path / "b.hdr", TWO)


def test_a_header_that_puts_its_voxels_a_gigabyte_away_is_refused(tmp_path):
    header = nib.Nifti1Header()
    header.set_data_shape((4, 5, 6))
    header["vox_offset"] = 1 << 30
    header["magic"] = b"n+1"
    path = tmp_path / "far.nii.gz"
    path.write_bytes(gzip.compress(header.binaryblock + bytes(1 << 16)))

    with pytest.raises(NiftiError, match="cannot begin"):
        embedded_dictionary(path)
