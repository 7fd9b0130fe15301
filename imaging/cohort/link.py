"""Which objects of a patient belong together: RTDOSE → RTPLAN → RTSTRUCT → CT, over all studies.

Evidence is taken in order of strength and never mixed: a stated reference, then (RTSTRUCT) the
contour images, then the frame of reference, which counts only where no reference is stated. An
object that names something absent is not linked to something else in its place.
References: DICOM PS3.3 C.8.8.5 (RTSTRUCT), C.8.8.9 to C.8.8.14 (RTPLAN), C.8.8.3 (RTDOSE).
"""

from collections.abc import Collection, Sequence

from imaging.cohort.objects import Chain, Objects, RtObject
from imaging.dicom import SeriesRow

BY_FRAME = "frame of reference"
_BY_SERIES = "referenced series"
_BY_CONTOURS = "contour images"

Evidence = dict[str, str]
Seed = tuple[RtObject | None, RtObject | None, Evidence]  # a structure set, a plan, their link


def find_chains(objects: Objects, required: Collection[str]) -> list[Chain]:
    """Return every chain that holds the required modalities.

    Args:
        objects: What may be used of the patient.
        required: Modalities that a chain must hold.
    """
    chains = []
    for struct, plan, of_plan in _seeds(objects, required):
        for doses, of_doses in _dose_groups(struct, plan, objects, required):
            pictures, of_images = _pictures(struct, plan, doses, objects, required)
            for picture in pictures:
                others, of_others = _others(picture, objects)
                if others is None:
                    continue
                chains.append(
                    Chain(
                        picture,
                        struct if "RTSTRUCT" in required else None,
                        () if plan is None else (plan,),
                        _plan_sums(doses),
                        others,
                        {**of_images, **of_plan, **of_doses, **of_others},
                    )
                )
    return chains


def images_of(
    struct: RtObject, images: Sequence[SeriesRow]
) -> tuple[list[SeriesRow | None], Evidence]:
    """Return the image series an RTSTRUCT was drawn on, and the evidence for that.

    Of several that it names (the phases of a 4D CT, say) those count that its contours name most.
    """
    refers = struct.refers
    wanted = set(refers.image_uids)
    drawn = {
        row.series_instance_uid: sum(i.sop_instance_uid in wanted for i in row.instances)
        for row in images
    }
    stated = [row for row in images if row.series_instance_uid in refers.series_uids]
    if stated:
        return [*_most_drawn_on(stated, drawn)], {"RTSTRUCT → CT": _BY_SERIES}
    if any(drawn.values()):
        counted = f"{_BY_CONTOURS} ({max(drawn.values())} of {len(wanted)})"
        return [*_most_drawn_on(images, drawn)], {"RTSTRUCT → CT": counted}
    if refers.series_uids or refers.image_uids:
        return [], {}
    framed = [row for row in images if _frame(row) in refers.frame_of_reference_uids]
    return [*framed], {"RTSTRUCT → CT": BY_FRAME}


def doses_of(
    plan: RtObject | None, struct: RtObject | None, objects: Objects
) -> tuple[list[RtObject], Evidence]:
    """Return the doses of a plan (or, without one, of a structure set), and the evidence for that.

    A dose that names a plan of the patient is that one's, and no other's.
    """
    if plan is not None:
        stated = [dose for dose in objects.doses if plan.uid in dose.refers.plan_uids]
        if stated:
            return stated, {"RTDOSE → RTPLAN": "referenced plan"}
    known = objects.known_plans
    free = [dose for dose in objects.doses if not known.intersection(dose.refers.plan_uids)]
    if plan is not None:
        free = [dose for dose in free if not dose.refers.plan_uids]
    if struct is None:
        return _framed(free, () if plan is None else plan.refers.frame_of_reference_uids, "RTPLAN")
    stated = [dose for dose in free if struct.uid in dose.refers.structure_set_uids]
    if stated:
        return stated, {"RTDOSE → RTSTRUCT": "referenced structure set"}
    return _framed(free, struct.refers.frame_of_reference_uids, "RTSTRUCT")


def _framed(
    doses: Sequence[RtObject], frames: Sequence[str], target: str
) -> tuple[list[RtObject], Evidence]:
    """Return the doses that refer to no structure set and share a frame of reference."""
    found = [
        dose
        for dose in doses
        if not dose.refers.structure_set_uids
        and set(frames).intersection(dose.refers.frame_of_reference_uids)
    ]
    return found, {f"RTDOSE → {target}": BY_FRAME} if found else {}


def _seeds(objects: Objects, required: Collection[str]) -> list[Seed]:
    """Return what a chain may start from: structure sets with their plans, or what is required."""
    if "RTSTRUCT" in required:
        return [
            (struct, plan, evidence)
            for struct in objects.structure_sets
            for plan, evidence in _plans_of(struct, objects, required)
        ]
    if "RTPLAN" in required:
        return [(_struct_of(plan, objects), plan, {}) for plan in objects.plans]
    return [(None, None, {})]


def _plans_of(
    struct: RtObject, objects: Objects, required: Collection[str]
) -> list[tuple[RtObject | None, Evidence]]:
    """Return the plans made on a structure set; None where the chain may do without one.

    A plan that refers to no structure set at all is taken by its frame of reference.
    """
    if not {"RTPLAN", "RTDOSE"}.intersection(required):
        return [(None, {})]
    stated = [plan for plan in objects.plans if struct.uid in plan.refers.structure_set_uids]
    if stated:
        return [(plan, {"RTPLAN → RTSTRUCT": "referenced structure set"}) for plan in stated]
    frames = set(struct.refers.frame_of_reference_uids)
    framed = [
        plan
        for plan in objects.plans
        if not plan.refers.structure_set_uids
        and frames.intersection(plan.refers.frame_of_reference_uids)
    ]
    if framed or "RTPLAN" in required:
        return [(plan, {"RTPLAN → RTSTRUCT": BY_FRAME}) for plan in framed]
    return [(None, {})]


def _struct_of(plan: RtObject, objects: Objects) -> RtObject | None:
    """Return the structure set a plan was made on, which leads to its images."""
    made_on = plan.refers.structure_set_uids
    return next((struct for struct in objects.structure_sets if struct.uid in made_on), None)


def _dose_groups(
    struct: RtObject | None, plan: RtObject | None, objects: Objects, required: Collection[str]
) -> list[tuple[list[RtObject], Evidence]]:
    """Return the sets of doses that belong to a structure set and plan; none where none is there.

    With neither, every plan that doses name makes a set, and every dose that names none.
    """
    if "RTDOSE" not in required:
        return [([], {})]
    if struct is None and plan is None:
        groups: dict[tuple[str, ...], list[RtObject]] = {}
        for dose in objects.doses:
            groups.setdefault(dose.refers.plan_uids or (dose.uid,), []).append(dose)
        return [(group, {}) for group in groups.values()]
    doses, evidence = doses_of(plan, struct, objects)
    return [(doses, evidence)] if doses else []


def _pictures(
    struct: RtObject | None,
    plan: RtObject | None,
    doses: Sequence[RtObject],
    objects: Objects,
    required: Collection[str],
) -> tuple[list[SeriesRow | None], Evidence]:
    """Return the images of a chain; [None] where none are required."""
    if not objects.images_required:
        return [None], {}
    if struct is not None:
        return images_of(struct, objects.images)
    parts = [part for part in (plan, *doses) if part is not None]
    if not parts:
        return [*objects.images], {}
    frames = {uid for part in parts for uid in part.refers.frame_of_reference_uids}
    framed = [row for row in objects.images if _frame(row) in frames]
    source = "RTPLAN" if "RTPLAN" in required else "RTDOSE"
    return [*framed], {f"{source} → CT": BY_FRAME}


def _others(
    picture: SeriesRow | None, objects: Objects
) -> tuple[tuple[SeriesRow, ...] | None, Evidence]:
    """Return the series of further modalities that go with the images, None where one is missing.

    They share the frame of reference or, failing that, the study.
    """
    found: list[SeriesRow] = []
    evidence: Evidence = {}
    for modality, rows in objects.others.items():
        if picture is None:
            return tuple(row for own in objects.others.values() for row in own), {}
        same = [row for row in rows if _frame(row) and _frame(row) == _frame(picture)]
        evidence[f"{modality} → CT"] = BY_FRAME if same else "same study"
        same = same or [row for row in rows if row.study_instance_uid == picture.study_instance_uid]
        if not same:
            return None, {}
        found += same
    return tuple(found), evidence


def _most_drawn_on(images: Sequence[SeriesRow], drawn: dict[str, int]) -> list[SeriesRow]:
    most = max(drawn[row.series_instance_uid] for row in images)
    return [row for row in images if drawn[row.series_instance_uid] == most]


def _plan_sums(doses: Sequence[RtObject]) -> tuple[RtObject, ...]:
    """Prefer doses of summation type PLAN; where there are none, keep all."""
    sums = tuple(dose for dose in doses if dose.refers.dose_summation_type == "PLAN")
    return sums or tuple(doses)


def _frame(series: SeriesRow) -> str:
    return series.tags.get("FrameOfReferenceUID", "")
