"""A release links as its source does: the same decisions, the same DVHs."""

from contextlib import closing

import numpy as np
import pytest

from imaging.cohort import (
    CohortFolder,
    Extraction,
    decide_batch,
    publish,
    retrieve_patient,
)
from imaging.dicom import FolderArchive
from imaging.dicom.deidentify import DeidentifyOptions
from imaging.phantoms import Cohort, PhantomSize
from imaging.release import CohortSource, open_release, release_group, summarise
from imaging.rt import dvhs_of_files
from tests.imaging.cohort.fakes import FILES_ONLY
from tests.imaging.release.releases import KEY, dicom_files, place_in, release

RULES = FILES_ONLY.model_copy(
    update={"wanted_rois": ["PTV*"], "description_must_not_contain": ["head and neck"]}
)


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """The demo's ten: five are right, five have each another fault."""
    folder = tmp_path_factory.mktemp("patients")
    Cohort.demo(seed=7, size=PhantomSize.tiny()).write(folder)
    return folder


@pytest.fixture(scope="module")
def released(patients, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    release(patients, root, clean_descriptors=True)  # a rule goes by their words
    return place_in(root).data


def extract(folder, target):
    """Decide on all of a folder, and retrieve who qualifies."""
    run = Extraction(CohortFolder(target), RULES, "run", b"key")
    with closing(FolderArchive(folder, target.with_suffix(".sqlite"))) as archive:
        ids = archive.patient_ids()
        for notes in decide_batch(archive, ids, run):
            retrieve_patient(archive, notes, run.cohort)
    return run, ids, publish(ids, run).table


def test_a_cohort_of_the_release_decides_as_one_of_the_source(patients, released, tmp_path):
    _, _, source = extract(patients, tmp_path / "source")
    _, _, output = extract(released, tmp_path / "released")

    decided = ["outcome", "codes", "slices", "course"]
    of_source, of_output = (
        sorted(map(tuple, table[decided].astype(str).to_numpy())) for table in (source, output)
    )
    assert len({outcome for outcome, *_ in of_source}) == 3
    assert of_output == of_source


def test_dvhs_of_the_release_are_those_of_the_source(patients, released):
    pseudonyms = {path.name for path in released.iterdir()}
    assert len(pseudonyms) == 10
    volumes = [_curves(patients / "SUB001")]
    volumes += [_curves(released / pseudonym) for pseudonym in sorted(pseudonyms)]

    assert len([own for own in volumes[1:] if _same(own, volumes[0])]) == 1


def test_a_cohorts_cases_are_released_from_its_files(patients, tmp_path):
    extraction, ids, table = extract(patients, tmp_path / "cohort")
    place = place_in(tmp_path)
    with place.at_work():
        run = open_release(place, KEY, DeidentifyOptions(), "run", made_of="a cohort's cases")
        groups = run.in_groups(ids)
        for group in groups:
            release_group(CohortSource(extraction), group, run)
        summary = summarise(groups, run)

    proceeding = table[table["outcome"] == "PROCEED"]
    assert len(proceeding) > 1
    assert len(summary.patients) == len(proceeding)
    assert {path.name for path in place.data.iterdir()} == set(summary.patients)
    assert summary.released["RTDOSE"] == len(proceeding)
    assert (summary.failed, summary.is_clean) == (0, True)
    assert len(list(dicom_files(extraction.cohort.root / "patients"))) >= summary.audited


def test_a_case_that_no_longer_proceeds_leaves_the_release(patients, tmp_path):
    extraction, ids, _ = extract(patients, tmp_path / "cohort")
    place, stricter = place_in(tmp_path), FILES_ONLY.model_copy(update={"wanted_rois": ["Nothing"]})
    for run_id, rules in (("one", RULES), ("two", stricter)):
        again = Extraction(extraction.cohort, rules, run_id, b"key")
        with closing(FolderArchive(patients, tmp_path / "index.sqlite")) as archive:
            for notes in decide_batch(archive, ids, again):
                retrieve_patient(archive, notes, again.cohort)
        with place.at_work():
            run = open_release(place, KEY, DeidentifyOptions(), run_id, made_of="a cohort's cases")
            groups = run.in_groups(ids)
            for group in groups:
                release_group(CohortSource(again), group, run)
            left = list(dicom_files(place.data))
            assert bool(left) == (run_id == "one")
            assert summarise(groups, run).failed == 0


def _curves(folder):
    structures, dose = (
        min(folder.rglob(f"{kind}*/*.dcm"), default=None)  # of two studies, those of one
        for kind in ("RTSTRUCT", "RTDOSE")
    )
    if structures is None or dose is None:
        return []
    return [(dvh.dose_gy, dvh.volume_cc) for dvh in dvhs_of_files(structures, dose)]


def _same(one, other):
    return len(one) == len(other) and all(
        np.array_equal(mine, theirs)
        for left, right in zip(one, other, strict=True)
        for mine, theirs in zip(left, right, strict=True)
    )
