"""An archive in memory, which can be told to fail, and a cohort that writes no images."""

from dataclasses import replace

from imaging.cohort import CohortSpecification, Outputs
from imaging.dicom import Changes, Holding
from imaging.errors import InstanceGoneError

NOTHING = Outputs(image=False, masks=False, label_map=False, dose=False, pictures=False, dvh=False)
FILES_ONLY = CohortSpecification(outputs=NOTHING)


class FakeArchive:
    """Holds patients; `errors` are raised, one a call, by series UID."""

    in_words = "an archive in memory"

    def __init__(self, *patients):
        self.held = {patient.patient_id: patient for patient in patients}
        self.errors = {}
        self.fetched = []
        self.listed = []
        self.gone = set()
        self.stop_after = None

    def patient_ids(self, _study_dates=None):
        return sorted(self.held)

    def cursor(self):
        return ""

    def changes_since(self, _cursor):
        return Changes(frozenset())

    def holdings(self, patient_ids, changes=None):  # noqa: ARG002 - no feed here
        for id_ in patient_ids:
            if id_ in self.held:
                rows = sorted(
                    f"{i.sop_instance_uid} {i.fingerprint}"
                    for series in self.held[id_].series
                    for i in series.instances
                )
                stable = all(study.stable for study in self.held[id_].studies)
                yield Holding(id_, str(hash(tuple(rows))), is_stable=stable, is_touched=False)

    def patients(self, patient_ids):
        self.listed += patient_ids
        yield from (self.held[id_] for id_ in patient_ids if id_ in self.held)

    def fetch(self, series, folder, instances=None, on_file=None):
        error = self.errors.get(series.series_instance_uid, [])
        wanted = series.instances if instances is None else instances
        size = 0
        for row in wanted:
            if error and self.stop_after == len(self.fetched):
                raise error.pop(0)
            if row.sop_instance_uid in self.gone:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{row.sop_instance_uid}.dcm"
            path.write_bytes(b"x" * row.size)
            self.fetched.append(row.sop_instance_uid)
            size += row.size
            if on_file:
                on_file(row, path)
        if lost := [r.sop_instance_uid for r in wanted if r.sop_instance_uid in self.gone]:
            raise InstanceGoneError(lost)
        return size

    def close(self):
        pass


def changed(patient, uid):
    """The same patient after the content of one instance was replaced."""
    studies = tuple(
        replace(
            study,
            series=tuple(
                replace(
                    row,
                    instances=tuple(
                        replace(i, fingerprint="new") if i.sop_instance_uid == uid else i
                        for i in row.instances
                    ),
                )
                for row in study.series
            ),
        )
        for study in patient.studies
    )
    return replace(patient, studies=studies)
