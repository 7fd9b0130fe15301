"""The objects of a patient, as linking sees them: RT objects, images, and chains of both."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from imaging.cohort.specification import CohortSpecification
from imaging.dicom import InstanceRow, RtReferences, SeriesRow


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
class Objects:
    """What may be used of a patient.

    Attributes:
        images: Series of the modality that structures are drawn on.
        structure_sets: RTSTRUCTs that hold a wanted ROI.
        plans: RTPLANs that may be used.
        doses: All RTDOSEs.
        known_plans: UIDs of all plans there are, usable or not.
        others: Series of further required modalities, by modality.
        images_required: Whether a chain must have images.
    """

    images: tuple[SeriesRow, ...]
    structure_sets: tuple[RtObject, ...]
    plans: tuple[RtObject, ...]
    doses: tuple[RtObject, ...]
    known_plans: frozenset[str]
    others: dict[str, tuple[SeriesRow, ...]]
    images_required: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """One complete treatment, as far as the rules require it.

    Attributes:
        images: The image series; None where the rules want none.
        structure_set: The RTSTRUCT; None where the rules want none.
        plans: One, or none where there is none; several when their doses are to be added.
        doses: All that qualify: exported again, or of one beam each.
        others: Series of further modalities.
        evidence: What each link rests on, by `RTSTRUCT → CT` and the like.
    """

    images: SeriesRow | None
    structure_set: RtObject | None
    plans: tuple[RtObject, ...]
    doses: tuple[RtObject, ...]
    others: tuple[SeriesRow, ...] = ()
    evidence: dict[str, str] = field(default_factory=dict)

    @property
    def rt_objects(self) -> tuple[RtObject, ...]:
        """Structure set, plans and doses."""
        struct = () if self.structure_set is None else (self.structure_set,)
        return (*struct, *self.plans, *self.doses)

    @property
    def series_uids(self) -> frozenset[str]:
        """Every series it takes something of."""
        return frozenset(series.series_instance_uid for series, _ in self.parts())

    @property
    def key(self) -> str:
        """Names the chain among the patient's: by its images, structure set and plans."""
        plans = self.plans or self.doses  # without plans, the doses tell chains apart
        uids = [part.uid for part in (*self.rt_objects[:1], *plans)]
        uids += [] if self.images is None else [self.images.series_instance_uid]
        return hashlib.sha256("\n".join(sorted(set(uids))).encode()).hexdigest()[:8]

    @property
    def moment(self) -> str:
        """Date and time of the latest plan, else of the structure set; "" where none states it."""
        dated = self.plans or self.rt_objects[:1]
        return max((f"{part.refers.date} {part.refers.time}".strip() for part in dated), default="")

    def parts(self) -> Iterator[tuple[SeriesRow, tuple[InstanceRow, ...]]]:
        """Yield each series with the instances wanted of it, in the order of retrieval."""
        images = () if self.images is None else (self.images,)
        for row in (*images, *self.others):
            yield row, row.instances
        for part in self.rt_objects:
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


def objects_of(
    series: Sequence[SeriesRow], rules: CohortSpecification, plans: Sequence[RtObject]
) -> Objects:
    """Sort a patient's series into what linking needs.

    Args:
        series: All series of the studies that count.
        rules: Which images and ROIs are wanted.
        plans: The RTPLANs that may be used.
    """
    structs = [s for s in rt_objects(series, "RTSTRUCT") if s.refers.approval_status != "REJECTED"]
    wanted = [s for s in structs if rules.wants_roi([name for _, name in s.refers.rois])]
    return Objects(
        images=tuple(
            row for row in series if row.modality == rules.image_modality and row.instances
        ),
        structure_sets=tuple(wanted),
        plans=tuple(plans),
        doses=tuple(rt_objects(series, "RTDOSE")),
        known_plans=frozenset(plan.uid for plan in rt_objects(series, "RTPLAN")),
        others={
            name: tuple(row for row in series if row.modality == name and row.instances)
            for name in rules.other_modalities
        },
        images_required=bool(rules.image_modality),
    )
