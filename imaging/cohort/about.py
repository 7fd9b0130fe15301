"""What is to be said of one chain before anything is downloaded: its links, images and frames."""

from collections.abc import Sequence

from imaging.cohort.decision import Decision
from imaging.cohort.geometry import judge_slices
from imaging.cohort.link import BY_FRAME
from imaging.cohort.objects import Chain
from imaging.cohort.specification import CohortSpecification
from imaging.dicom import SeriesRow


def about_chain(
    chain: Chain, series: Sequence[SeriesRow], rules: CohortSpecification
) -> list[Decision]:
    """Judge one chain.

    Args:
        chain: The chain.
        series: All series of the patient.
        rules: Bounds, and what is to be resampled.
    """
    return [
        _links(chain),
        *_missing_images(chain, series),
        *_other_frames(chain),
        *_slice_count(chain, rules),
        *([] if chain.images is None else judge_slices(chain.images, rules.images)),
    ]


def _links(chain: Chain) -> Decision:
    uid = chain.images.series_instance_uid if chain.images is not None else ""
    links = [f"{link}: {evidence}" for link, evidence in chain.evidence.items() if evidence]
    weak = BY_FRAME in chain.evidence.values()
    return Decision("II_SUCC_002" if weak else "II_SUCC_001", uid, {"links": links})


def _missing_images(chain: Chain, series: Sequence[SeriesRow]) -> list[Decision]:
    """Count the images that contours were drawn on and that the chosen series does not hold."""
    if chain.structure_set is None:
        return []
    drawn_on = set(chain.structure_set.refers.image_uids)
    chosen = series if chain.images is None else [chain.images]
    there = {i.sop_instance_uid for row in chosen for i in row.instances}
    missing = len(drawn_on - there)
    if not missing:
        return []
    counts = {"missing": missing, "referenced": len(drawn_on)}
    return [Decision("II_REV_003", chain.structure_set.uid, counts)]


def _other_frames(chain: Chain) -> list[Decision]:
    """Name the RTSTRUCT and doses whose coordinates are stated to be others than the images'.

    Where the images state none, the doses are held against the RTSTRUCT.
    """
    struct = chain.structure_set
    frame = "" if chain.images is None else chain.images.tags.get("FrameOfReferenceUID", "")
    frames = {frame} if frame else set(struct.refers.frame_of_reference_uids if struct else ())
    return [
        Decision("II_REV_012", part.uid, {"modality": part.series.modality})
        for part in (*(() if struct is None else (struct,)), *chain.doses)
        if frames and part.refers.frame_of_reference_uids
        if frames.isdisjoint(part.refers.frame_of_reference_uids)
    ]


def _slice_count(chain: Chain, rules: CohortSpecification) -> list[Decision]:
    if chain.images is None:
        return []
    count, bounds = len(chain.images.instances), rules.slices
    evidence = {"slices": count, "fewest": bounds.fewest, "most": bounds.most}
    if bounds.most and count > bounds.most:
        return [Decision("II_REV_001", chain.images.series_instance_uid, evidence)]
    if count < bounds.fewest:
        return [Decision("II_REV_002", chain.images.series_instance_uid, evidence)]
    return []
