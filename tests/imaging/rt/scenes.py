"""What several tests start from."""

from imaging.rt.files.rois import choose_rois, rois_of


def rois_named(patient, *names):
    return choose_rois(rois_of(patient.rtstruct()), names)
