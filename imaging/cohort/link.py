"""Which objects of a patient belong together: RTDOSE → RTPLAN → RTSTRUCT → CT, over all studies.

Evidence is taken in order of strength and never mixed: a stated reference, then (RTSTRUCT) the
contour images, then the frame of reference, which counts only where no reference is stated. An
object that names something absent is not linked to something else in its place.
References: DICOM PS3.3 C.8.8.5 (RTSTRUCT), C.8.8.9 to C.8.8.14 (RTPLAN), C.8.8.3 (RTDOSE).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from imaging.dicom import InstanceRow, RtReferences, SeriesRow

BY_FRAME = "frame of reference"


@dataclass(frozen=True, slots=True)
class RtObject:
    """One RTSTRUCT, RTPLAN or RTDOSE: where it is listed, and what it refers to."""

    series: SeriesRow
    instance: InstanceRow
    refers: RtReferences

    @property
    def uid(self) -> str:
        """The SOPInstanceUID."""
        return self.instance.sop_instance_uid


@dataclass(frozen=True, slots=True)
class Chain:
    """One complete treatment, as far as the rules require it.

    Attributes:
        images: The CT series; None where the rules want no CT.
        doses: All that qualify; more than one when the same plan's dose was exported again.
        evidence: What each link rests on, by `RTSTRUCT → CT` and the like.
    """

    images: SeriesRow | None
    structure_set: RtObject | None
    plan: RtObject | None
    doses: tuple[RtObject, ...]
    evidence: dict[str, str] = field(default_factory=dict)

    def parts(self) -> Iterator[tuple[SeriesRow, tuple[InstanceRow, ...]]]:
        """Yield each series with the instances wanted of it, in the order of retrieval."""
        if self.images is not None:
            yield self.images, self.images.instances
        single = [part for part in (self.structure_set, self.plan) if part is not None]
        for part in (*single, *self.doses):
            yield part.series, (part.instance,)


def rt_objects(series: Sequence[SeriesRow], modality: str) -> list[RtObject]:
    """List the readable RT objects of one modality."""
    found = []
    for row in series:
        refers = {reference.sop_instance_uid: reference for reference in row.references}
        found += [
            RtObject(row, instance, refers[instance.sop_instance_uid])
            for instance in row.instances
            if row.modality == modality and instance.sop_instance_uid in refers
        ]
    return found


def find_chains(
    series: Sequence[SeriesRow],
    structure_sets: Sequence[RtObject],
    plans: Sequence[RtObject],
    required: Collection[str],
) -> list[Chain]:
    """Return every chain that holds the required modalities.

    Args:
        series: All series of the studies that count.
        structure_sets: The RTSTRUCTs that may be used.
        plans: The RTPLANs that may be used.
        required: Modalities that a chain must hold.
    """
    images = [row for row in series if row.modality == "CT" and row.instances]
    doses = rt_objects(series, "RTDOSE") if "RTDOSE" in required else []
    known_plans = {plan.uid for plan in rt_objects(series, "RTPLAN")}
    if "RTSTRUCT" not in required:
        return [Chain(row, None, None, ()) for row in images]
    chains = []
    for struct in structure_sets:
        pictures, image_evidence = images_of(struct, images) if "CT" in required else ([None], "")
        for picture in pictures:
            for plan in _plans_of(struct, plans, required):
                linked, evidence = doses_of(plan, struct, doses, known_plans)
                if doses and not linked:
                    continue
                chains.append(
                    Chain(
                        picture,
                        struct,
                        plan,
                        _plan_sums(linked),
                        {"RTSTRUCT → CT": image_evidence, **evidence},
                    )
                )
    return [chain for chain in chains if chain.doses or "RTDOSE" not in required]


def images_of(struct: RtObject, images: Sequence[SeriesRow]) -> tuple[list[SeriesRow | None], str]:
    """Return the image series an RTSTRUCT was drawn on, and the evidence for that."""
    refers = struct.refers
    stated = [row for row in images if row.series_instance_uid in refers.series_uids]
    if stated:
        return [*stated], "referenced series"
    wanted = set(refers.image_uids)
    drawn_on = [row for row in images if any(i.sop_instance_uid in wanted for i in row.instances)]
    if drawn_on:
        return [*drawn_on], "contour images"
    if refers.series_uids or refers.image_uids:
        return [], ""
    framed = [row for row in images if _frame(row) in refers.frame_of_reference_uids]
    return [*framed], BY_FRAME


def doses_of(
    plan: RtObject | None,
    struct: RtObject,
    doses: Sequence[RtObject],
    known_plans: Collection[str],
) -> tuple[list[RtObject], dict[str, str]]:
    """Return the doses of a plan (or, without one, of a structure set), and the evidence for that.

    Args:
        plan: The plan, or None where none is required and none refers to the structure set.
        struct: The structure set.
        doses: All doses of the patient.
        known_plans: UIDs of all plans there are: a dose that names one of them is that one's.
    """
    if plan is not None:
        stated = [dose for dose in doses if plan.uid in dose.refers.plan_uids]
        if stated:
            return stated, {"RTDOSE → RTPLAN": "referenced plan"}
    free = [dose for dose in doses if not set(known_plans).intersection(dose.refers.plan_uids)]
    if plan is not None:
        free = [dose for dose in free if not dose.refers.plan_uids]
    stated = [dose for dose in free if struct.uid in dose.refers.structure_set_uids]
    if stated:
        return stated, {"RTDOSE → RTSTRUCT": "referenced structure set"}
    frames = set(struct.refers.frame_of_reference_uids)
    framed = [
        dose
        for dose in free
        if not dose.refers.structure_set_uids
        and frames.intersection(dose.refers.frame_of_reference_uids)
    ]
    return framed, {"RTDOSE → RTSTRUCT": BY_FRAME} if framed else {}


def _plans_of(
    struct: RtObject, plans: Sequence[RtObject], required: Collection[str]
) -> list[RtObject | None]:
    """Return the plans made on a structure set; [None] where the chain may do without one."""
    if not {"RTPLAN", "RTDOSE"}.intersection(required):
        return [None]
    made_on = [plan for plan in plans if struct.uid in plan.refers.structure_set_uids]
    if made_on or "RTPLAN" in required:
        return [*made_on]
    return [None]


def _plan_sums(doses: Sequence[RtObject]) -> tuple[RtObject, ...]:
    """Prefer doses of summation type PLAN; where there are none, keep what there is for review."""
    sums = tuple(dose for dose in doses if dose.refers.dose_summation_type == "PLAN")
    return sums or tuple(doses)


def _frame(series: SeriesRow) -> str:
    return series.tags.get("FrameOfReferenceUID", "")
