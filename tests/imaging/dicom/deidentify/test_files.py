"""A file is written wholly or not at all, and the one it was made from stays as it is."""

import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imaging.dicom.deidentify import Deidentifier, Suspicion, rewriting
from imaging.dicom.deidentify.writing import header_bytes
from imaging.dicom.whole import structural_fault
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.instances import image, write


@pytest.fixture
def source(tmp_path):
    return write(image(PatientName="Quillfeather^Ann"), tmp_path, "source.dcm")


def left_beside(source):
    return [path.name for path in source.parent.iterdir() if path != source]


def test_a_write_that_fails_in_the_middle_leaves_nothing(deidentifier, source, monkeypatch):
    before = source.read_bytes()
    monkeypatch.setattr(rewriting, "_copy", fail)

    with pytest.raises(OSError, match="plug"):
        deidentifier.file(source, source.with_name("target.dcm"))

    assert source.read_bytes() == before
    assert left_beside(source) == []


def test_a_target_that_was_there_stays_when_a_write_fails(deidentifier, source, monkeypatch):
    target = source.with_name("target.dcm")
    deidentifier.file(source, target)
    before = target.read_bytes()
    monkeypatch.setattr(rewriting, "_copy", fail)

    with pytest.raises(OSError, match="plug"):
        deidentifier.file(source, target)

    assert target.read_bytes() == before
    assert left_beside(source) == ["target.dcm"]


def fail(*_):
    msg = "someone pulled the plug"
    raise OSError(msg)


def test_a_full_disk_is_the_systems_error_and_leaves_nothing(
    deidentifier, source, full_disk, monkeypatch
):
    opened = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r": opened(full_disk if "w" in mode else path, mode)
    )

    with pytest.raises(OSError, match="No space left"):
        deidentifier.file(source, source.with_name("target.dcm"))

    assert left_beside(source) == []


def test_a_killed_process_leaves_no_target(source):
    code = f"""
import os
from pathlib import Path
from imaging.dicom.deidentify import Deidentifier, rewriting
rewriting._copy = lambda *_: os.kill(os.getpid(), 9)
Deidentifier({KEY!r}).file(Path({str(source)!r}), Path({str(source.with_name("target.dcm"))!r}))
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )

    assert run.returncode == -9
    assert not source.with_name("target.dcm").exists()


def test_a_source_that_shrinks_meanwhile_is_an_error_and_leaves_nothing(
    deidentifier, source, monkeypatch
):
    write(image(side=128), source.parent, source.name)  # more than is read ahead
    written = header_bytes

    def shrinking(*args, **kwargs):
        with source.open("r+b") as file:
            file.truncate(source.stat().st_size - 8)
        return written(*args, **kwargs)

    monkeypatch.setattr(rewriting, "header_bytes", shrinking)
    with pytest.raises(OSError, match="shrank"):
        deidentifier.file(source, source.with_name("target.dcm"))

    assert left_beside(source) == []


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_a_target_is_whole_in_the_same_encoding_and_the_same_when_made_again(through_file, syntax):
    target, _ = through_file(image(syntax=syntax, SOPInstanceUID="1.2.3"))
    first = target.read_bytes()
    with target.open("rb") as file:
        assert structural_fault(file) == ""
    target, _ = through_file(image(syntax=syntax, SOPInstanceUID="1.2.3"))

    made = pydicom.dcmread(target)

    assert target.read_bytes() == first
    assert made.file_meta.TransferSyntaxUID == syntax
    assert made.original_encoding == (syntax.is_implicit_VR, syntax.is_little_endian)
    assert made.PixelData == image().PixelData


def test_a_file_may_take_its_own_place(deidentifier, source):
    other = source.with_name("other.dcm")
    deidentifier.file(source, other)

    deidentifier.file(source, source)

    assert source.read_bytes() == other.read_bytes()


def test_missing_folders_are_made(deidentifier, source, tmp_path):
    deidentifier.file(source, tmp_path / "a" / "b" / "target.dcm")

    assert (tmp_path / "a" / "b" / "target.dcm").is_file()


def test_what_is_held_back_leaves_what_was_there(source):
    target = source.with_name("target.dcm")
    write(image(BurnedInAnnotation="YES"), source.parent, source.name)

    outcome = Deidentifier(KEY).file(source, target)

    assert outcome.held_back == (Suspicion.BURNED_IN,)
    assert not outcome.is_written
    assert outcome.sop_instance_uid.startswith("2.25.")
    assert left_beside(source) == []


def test_an_outcome_names_the_new_uid(through_file):
    target, outcome = through_file(image())

    made = pydicom.dcmread(target)
    assert outcome.sop_instance_uid == made.SOPInstanceUID
    assert made.file_meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID


def test_a_file_gives_what_its_dataset_gives(deidentifier, source):
    target = source.with_name("target.dcm")
    deidentifier.file(source, target)

    assert pydicom.dcmread(target) == deidentifier.dataset(pydicom.dcmread(source))


def test_several_threads_share_one_deidentifier(deidentifier, tmp_path):
    sources = [write(image(patient_id=f"P{n}"), tmp_path, f"{n}.dcm") for n in range(16)]
    targets = [tmp_path / "threads" / path.name for path in sources]
    threads = [
        threading.Thread(target=deidentifier.file, args=pair)
        for pair in zip(sources, targets, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for path, target in zip(sources, targets, strict=True):
        deidentifier.file(path, tmp_path / "alone.dcm")
        assert target.read_bytes() == (tmp_path / "alone.dcm").read_bytes()


def test_many_frames_are_copied_without_being_loaded(deidentifier, tmp_path):
    size = 100 << 20
    source = write(image(Rows=1024, Columns=1024, NumberOfFrames=50), tmp_path, "source.dcm")
    content = source.read_bytes()
    pixels = content.rindex(b"\xe0\x7f\x10\x00OW\0\0") + 8
    source.write_bytes(content[:pixels] + size.to_bytes(4, "little"))
    os.truncate(source, pixels + 4 + size)  # a hole: it takes no room
    tracemalloc.start()

    outcome = deidentifier.file(source, tmp_path / "target.dcm")

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome.is_written
    assert (tmp_path / "target.dcm").stat().st_size > size
    assert peak < 16 << 20
