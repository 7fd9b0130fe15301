"""Odd and hostile files: read to the byte, or refused with nothing left behind."""

import gzip
import struct
import zlib

import numpy as np
import pytest

from imaging.errors import NiftiError
from imaging.labels import filter_labels, measure_labels
from tests.imaging.labels.phantoms import EXTENSION, Nifti, content_of, in_order, organs, write

LABELS = organs()
GOOD = Nifti()
PACKED = gzip.compress(GOOD.content(), mtime=0)
NEGATIVE = np.where(LABELS == 7, -7, LABELS)
TWICE = np.stack([LABELS, LABELS[::-1]], axis=-1)
CONNECTOME = b"<?xml version='1.0'?><CaretExtension/>"
EXTENDED = EXTENSION + struct.pack("<ii", 48, 0) + CONNECTOME.ljust(40, b"\0")

SOUND = {
    "uint8": (GOOD, LABELS),
    "slope 2": (GOOD.but(slope=2.0), 2 * LABELS),
    "inter -5": (Nifti((LABELS + 5).astype("<i2"), inter=-5.0), LABELS),
    "slope 0, which asks for none": (GOOD.but(slope=0.0, inter=3.0), LABELS),
    "slope NaN": (GOOD.but(slope=np.nan, inter=np.nan), LABELS),
    "slope 0.1, which float32 rounds": (Nifti((10 * LABELS).astype("<i2"), slope=0.1), LABELS),
    "float32": (Nifti(LABELS.astype("<f4")), LABELS),
    "float64": (Nifti(LABELS.astype("<f8")), LABELS),
    "int8": (Nifti(NEGATIVE.astype("<i1")), NEGATIVE),
    "uint16": (Nifti((LABELS * 5000).astype("<u2")), LABELS * 5000),
    "int64": (Nifti((LABELS * 2**58).astype("<i8")), LABELS * 2**58),
    "uint64": (Nifti((LABELS * 2**58).astype("<u8")), LABELS * 2**58),
    "uint32, large ids": (Nifti((LABELS * 100_000).astype("<u4")), LABELS * 100_000),
    "int16, big endian": (in_order(LABELS, ">i2"), LABELS),
    "float32, big endian": (in_order(LABELS, ">f4"), LABELS),
    "NIfTI-2": (GOOD.but(version=2), LABELS),
    "NIfTI-2, big endian": (in_order(LABELS, ">i2").but(version=2), LABELS),
    "negative ids": (Nifti(NEGATIVE.astype("<i2")), NEGATIVE),
    "extensions": (GOOD.but(extension=EXTENDED), LABELS),
    "an extension of megabytes": (GOOD.but(extension=EXTENSION, padding=bytes(3 << 20)), LABELS),
    "voxels at an odd place": (GOOD.but(padding=bytes(13)), LABELS),
    "qform only": (GOOD.but(codes=(1, 0)), LABELS),
    "no geometry": (GOOD.but(codes=(0, 0)), LABELS),
    "4-D": (Nifti(TWICE.astype("<u1")), TWICE),
    "1-D": (Nifti(LABELS.ravel().astype("<i2")), LABELS.ravel()),
}


@pytest.mark.parametrize("form", [".nii", ".nii.gz"])
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_keeps_its_labels_and_all_its_other_bytes(name, form, tmp_path):
    nifti, labels = SOUND[name]
    source = write(tmp_path / f"in{form}", nifti.content())
    chosen = np.unique(labels)[[0, -1]]

    report = filter_labels(source, tmp_path / f"out{form}", chosen.tolist())

    background = nifti.stored.flat[np.flatnonzero(labels == 0)[0]]
    kept = np.where(np.isin(labels, chosen), nifti.stored, background).astype(nifti.stored.dtype)
    assert content_of(tmp_path / f"out{form}") == nifti.but(stored=kept).content()
    assert report.present == tuple(np.unique(labels[labels != 0]).tolist())
    assert report.missing == ()
    assert sum(report.kept.values()) == np.isin(labels, chosen[chosen != 0]).sum()
    measured = {row.id: 0 for row in measure_labels(source)}
    assert measured.keys() == set(report.present)


def changed(place: int, bits: int = 1, packed: bytes = PACKED) -> bytes:
    """Turn some bits of a byte."""
    content = bytearray(packed)
    content[place] ^= bits
    return bytes(content)


def gz(nifti: Nifti, more: bytes = b"", less: int = 0) -> bytes:
    content = nifti.content() + more
    return gzip.compress(content[: len(content) - less])


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    pieces = [packer.compress(GOOD.content()), *(packer.compress(zeros) for _ in range(size >> 20))]
    return b"".join([*pieces, packer.flush()])


def noise(dtype: str) -> Nifti:
    return Nifti(np.random.default_rng(1).random(LABELS.shape).astype(dtype))


def with_one(dtype: str, value: float) -> Nifti:
    stored = LABELS.astype(dtype)
    stored[0, 0, 0] = value
    return Nifti(stored)


MANY = Nifti(np.arange(70_000, dtype="<i4"), version=2)

BROKEN = {
    "cut off within the gzip stream": (PACKED[:-30], "cut off"),
    "cut off within the checksum": (PACKED[:-4], "cut off"),
    "CRC wrong": (changed(-8), "damaged"),
    "length after the CRC wrong": (changed(-4), "damaged"),
    "a bit turned": (changed(-40, 0x10), "damaged"),
    "junk after the stream": (PACKED + b"JUNK", "not gzip"),
    "a byte after the stream": (PACKED + b"\x1f", "not gzip"),
    "junk after much padding": (PACKED + bytes(1 << 17) + b"JUNK", "not gzip"),
    "a second member cut off": (PACKED + gzip.compress(bytes(100))[:-9], "cut off"),
    "a second member's header cut off": (PACKED + PACKED[:5], "cut off"),
    "voxels missing": (gz(GOOD, less=100), "100 bytes of voxels"),
    "dimensions lie, 35 TB": (gz(GOOD.but(dim=(3, *[32767] * 3, *[1] * 4))), "asks for"),
    "dimensions lie, 4 GB": (gz(GOOD.but(dim=(3, 2000, 2000, 1000, *[1] * 4))), "missing"),
    "a dimension below 0": (gz(GOOD.but(dim=(3, -5, 21, 22, *[1] * 4))), "dimensions"),
    "a dimension of 0": (gz(GOOD.but(dim=(3, 0, 21, 22, *[1] * 4))), "dimensions"),
    "no dimensions": (gz(GOOD.but(dim=(0, *[1] * 7))), "dimensions"),
    "eight dimensions": (gz(GOOD.but(dim=(8, *[1] * 7))), "dimensions"),
    "voxels begin far away": (gz(GOOD.but(vox_offset=1e9)), "begin"),
    "voxels begin in the header": (gz(GOOD.but(vox_offset=100)), "begin"),
    "voxels begin at NaN": (gz(GOOD.but(vox_offset=np.nan)), "begin"),
    "voxels begin after half a byte": (gz(GOOD.but(vox_offset=352.5)), "begin"),
    "ends before its voxels": (gz(GOOD.but(vox_offset=60_000)), "before its voxels"),
    "bit depth lies": (gz(GOOD.but(bitpix=16)), "bit depth"),
    "RGB": (gz(GOOD.but(datatype=128, bitpix=24)), "RGB24"),
    "complex": (gz(GOOD.but(datatype=32, bitpix=64)), "complex64"),
    "unknown data type": (gz(GOOD.but(datatype=3)), "unknown"),
    "a bomb behind small dimensions": (bomb(64 << 20), "follow the voxels"),
    "empty": (b"", "no NIfTI"),
    "three bytes": (b"\x5c\x01\0", "no NIfTI"),
    "a header cut off": (gz(GOOD)[:0] + gzip.compress(GOOD.content()[:300]), "header"),
    "no NIfTI": (gzip.compress(b"hello" * 200), "no NIfTI"),
    "ANALYZE": (gzip.compress(GOOD.content()[:344] + bytes(9000)), "ANALYZE"),
    "magic of NIfTI-2 after a text transfer": (
        gzip.compress(GOOD.but(version=2).content().replace(b"\r\n", b"\n\n", 1)),
        "magic",
    ),
    "a pair's header under a single name": (gz(GOOD.but(is_pair=True)), "not both"),
    "scl_inter NaN": (gz(GOOD.but(slope=2.0, inter=np.nan)), "scl_inter"),
    "label 0 cannot be written": (gz(GOOD.but(slope=2.0, inter=300.0)), "label 0"),
    "a volume saved as floats under a slope": (gz(GOOD.but(slope=0.392, inter=0.0)), "no label"),
    "probabilities": (gz(noise("<f4")), "no label"),
    "NaN among labels": (gz(with_one("<f4", np.nan)), "no label"),
    "infinity among labels": (gz(with_one("<f8", np.inf)), "no label"),
    "a fraction among labels": (gz(with_one("<f4", 4.99999)), "no label"),
    "floats too large to be told apart": (gz(with_one("<f8", 2.0**60)), "no label"),
    "uint64 beyond int64": (gz(with_one("<u8", 2**63)), "no label"),
    "more labels than organs": (gz(MANY), "labels"),
}
MEASURABLE = {"label 0 cannot be written"}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_and_the_old_result_stays(name, tmp_path):
    content, reason = BROKEN[name]
    source = tmp_path / "in.nii.gz"
    source.write_bytes(content)
    target = tmp_path / "results/out.nii.gz"
    target.parent.mkdir()
    target.write_text("the result of an earlier run")

    with pytest.raises(NiftiError, match=reason):
        filter_labels(source, target, [5, 11])

    assert target.read_text() == "the result of an earlier run"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - MEASURABLE))
def test_a_broken_file_is_not_measured(name, tmp_path):
    content, reason = BROKEN[name]
    source = tmp_path / "in.nii.gz"
    source.write_bytes(content)

    with pytest.raises(NiftiError, match=reason):
        measure_labels(source)


HALF = len(GOOD.content()) // 2
ODD_BUT_SOUND = {
    "two members": gzip.compress(GOOD.content()[:HALF]) + gzip.compress(GOOD.content()[HALF:]),
    "a member for each thousand bytes": b"".join(
        gzip.compress(GOOD.content()[at : at + 1000]) for at in range(0, len(GOOD.content()), 1000)
    ),
    "an empty member first": gzip.compress(b"") + PACKED,
    "padded with zeros": PACKED + bytes(512),
    "padded with more zeros than are read at once": PACKED + bytes(1 << 17),
    "zeros between members": gzip.compress(GOOD.content()[:HALF])
    + bytes(70_001)
    + gzip.compress(GOOD.content()[HALF:]),
    "a member without compression": gzip.compress(GOOD.content(), 0),
    "not packed at all": GOOD.content(),
}


@pytest.mark.parametrize("name", ODD_BUT_SOUND)
def test_gzip_of_every_lawful_form_is_read_and_one_member_written(name, tmp_path):
    source, target = tmp_path / "in.nii.gz", tmp_path / "out.nii.gz"
    source.write_bytes(ODD_BUT_SOUND[name])

    filter_labels(source, target, [1, 5, 7, 11])

    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(target.read_bytes()) == GOOD.content()
    assert unpacker.eof
    assert unpacker.unused_data == b""


def test_bytes_after_the_voxels_are_left_out_and_told(tmp_path):
    source = write(tmp_path / "in.nii.gz", GOOD.content() + b"\1" * 100)

    report = filter_labels(source, tmp_path / "out.nii.gz", [1, 5, 7, 11])

    assert report.trailing_bytes == 100
    assert content_of(tmp_path / "out.nii.gz") == GOOD.content()


@pytest.mark.parametrize("bit", range(8))
def test_one_turned_bit_anywhere_is_refused_or_changes_nothing(bit, tmp_path):
    source, target = tmp_path / "in.nii.gz", tmp_path / "out.nii.gz"
    refused = 0
    for place in range(bit, len(PACKED), 8):
        source.write_bytes(changed(place, 1 << bit))
        try:
            filter_labels(source, target, [1, 5, 7, 11])
        except NiftiError:
            refused += 1
        else:  # in the name or the time that gzip keeps
            assert content_of(target) == GOOD.content()
    assert refused > 0.9 * (len(PACKED) // 8)


@pytest.mark.parametrize("least", range(0, 90, 10))
def test_a_file_cut_anywhere_is_refused(least, tmp_path):
    source, target = tmp_path / "in.nii.gz", tmp_path / "out.nii.gz"
    for length in range(least, len(PACKED), 90):
        source.write_bytes(PACKED[:length])
        with pytest.raises(NiftiError):
            filter_labels(source, target, [5])
    assert not target.exists()
