"""The same awkward patients out of a real Orthanc: the same decisions, for the same reasons."""

from contextlib import closing

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.cohort import (
    CohortFolder,
    CohortSpecification,
    Extraction,
    PatientSelection,
    choose,
    decide_batch,
    prepare_group,
    publish,
    retrieve_group,
)
from imaging.orthanc import OrthancArchive
from imaging.phantoms.edges import EDGE_CASES

pytestmark = pytest.mark.orthanc


@pytest.fixture(scope="module")
def archive(orthanc_program, edge_files, tmp_path_factory):
    with (
        OrthancServer(tmp_path_factory.mktemp("orthanc"), program=orthanc_program) as server,
        closing(OrthancArchive(server.url, server.user, server.password)) as archive,
    ):
        archive.upload(sorted(edge_files.rglob("*.dcm")))
        yield archive


@pytest.mark.parametrize("wanted", sorted({case.wanted_rois for case in EDGE_CASES}))
def test_orthanc_leads_to_the_same_decisions(archive, tmp_path, wanted):
    own = [case for case in EDGE_CASES if case.wanted_rois == wanted]
    specification = CohortSpecification(wanted_rois=list(wanted))
    run = Extraction(CohortFolder(tmp_path / "c"), specification, "r", b"key", patience_s=240.0)
    selection = PatientSelection(patient_ids=[case.patient_id for case in own])
    batches = choose(archive, selection, tmp_path, run)
    for batch in batches:
        group = decide_batch(archive, batch, run)
        retrieve_group(archive, group, run.cohort, specification.dose)
        prepare_group(group, run.cohort, specification)
    table = publish([id_ for batch in batches for id_ in batch], run).table
    rows = {row["patient_id"]: row for row in table.to_dict("records")}

    wrong = {
        case.name: (rows[case.patient_id]["outcome"], rows[case.patient_id]["codes"])
        for case in own
        if rows[case.patient_id]["outcome"] != case.answer.outcome
        or not set(case.answer.codes) <= set(rows[case.patient_id]["codes"].split(";"))
        or not set(case.answer.not_codes).isdisjoint(rows[case.patient_id]["codes"].split(";"))
    }
    assert wrong == {}
