"""Which of the doses that were retrieved are used, and what that is called in codes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.cohort.decision import Decision, Evidence
from imaging.cohort.specification import DoseRules
from imaging.errors import DicomError, InputError
from imaging.rt.doses.selection import DosePolicy, SelectedDose, select_dose
from imaging.rt.files.attributes import positive, refuse, text
from imaging.rt.files.objects import read_rtdose
from imaging.rt.flags import Flag

_ODD = {Flag.DOSES_DISAGREE: "XVI_REV_010", Flag.OUTSIDE_COMPONENT_GRID: "XVI_REV_011"}


@dataclass(frozen=True, slots=True)
class DoseFiles:
    """The doses and plans of one chain, on disk.

    Attributes:
        doses: RTDOSE files.
        plans: RTPLAN files; several when their doses are to be added.
        stated: What the listing says of each dose: `sop_instance_uid`, `type`, `units`, `plans`.
    """

    doses: tuple[Path, ...]
    plans: tuple[Path, ...]
    stated: tuple[dict[str, Any], ...]

    @property
    def types(self) -> list[str]:
        """DoseSummationType of each, as listed."""
        return [row["type"] for row in self.stated]

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to choose: one PLAN dose in Gy, of no more than one plan."""
        if self.types != ["PLAN"]:
            return False
        (row,) = self.stated
        return row["units"] != "RELATIVE" and len(row.get("plans", [])) <= 1

    def select(self, rules: DoseRules) -> SelectedDose:
        """Read the doses, and choose or add up.

        Raises:
            InputError, DicomError: They are not the dose of one plan.
        """
        policy = DosePolicy(
            sum_plans=tuple(plan.stem for plan in self.plans) if len(self.plans) > 1 else (),
            scale_fractions=rules.scale_fractions,
            include_unapproved=True,  # linking has decided which plans may be used
        )
        return select_dose(self.doses, plans=self.plans, policy=policy)


def choose_doses(files: DoseFiles, rules: DoseRules) -> tuple[list[Path], list[Decision]]:
    """Return the files that make up the dose, and what was decided about them.

    Equal doses on an equal grid are one dose, however often it was exported; adding them would
    double it. Without a PLAN dose the doses of all beams are added. What cannot be decided is left
    for review, and no dose is chosen. A plain dose is not opened here: see `fault_of`, and it is
    checked where it is written.
    """
    if not files.doses or files.is_plain:
        return [*files.doses], []
    try:
        selected = files.select(rules)
    except (InputError, DicomError) as error:
        return [], [_undecided(files, str(error))]
    used = [path for path in files.doses if path.stem in selected.uids]
    return used, _decided(files, selected)


def fault_of(files: DoseFiles) -> str:
    """Say why a plain dose cannot be used, by its header; "" where that shows no reason.

    For doses that nobody writes: pixels are not decoded. Other doses were read when they were
    chosen.
    """
    if not files.is_plain:
        return ""
    try:
        rtdose = read_rtdose(files.doses[0])
        positive(rtdose, "DoseGridScaling")
        if (units := text(rtdose, "DoseUnits")) != "GY":
            refuse(rtdose, "DoseUnits", f"is {units or '(none)'}, not GY")
        if text(rtdose, "DoseType") == "ERROR":
            refuse(rtdose, "DoseType", "is ERROR: it holds differences of doses")
    except DicomError as error:
        return str(error)
    return ""


def judge_maximum(max_gy: float, uid: str, rules: DoseRules) -> list[Decision]:
    """Hold the largest dose against the bounds of the rules."""
    too_low = max_gy < rules.lowest_maximum_gy
    too_high = rules.highest_maximum_gy and max_gy > rules.highest_maximum_gy
    if not (too_low or too_high):
        return []
    return [Decision("XXIV_EXEC_003", uid, {"largest_gy": round(max_gy, 3)})]


def _decided(files: DoseFiles, selected: SelectedDose) -> list[Decision]:
    """Name what was done to get the dose."""
    uid, used = selected.uids[0], len(selected.uids)
    found = []
    if "PLAN" in files.types and len(files.doses) > used:
        doses = sorted(row["sop_instance_uid"] for row in files.stated)
        found.append(Decision("XVI_SUCC_002", uid, {"doses": doses}))
    if any(row["units"] == "RELATIVE" for row in files.stated):
        found.append(Decision("XVI_SUCC_006", uid))
    if len(files.plans) > 1:
        found.append(Decision("XVI_SUCC_005", uid, {"plans": len(selected.plan_uids)}))
    if Flag.SCALED_FRACTION in selected.flags:
        found.append(Decision("XVI_REV_003", uid, {"done": selected.summation}))
    elif Flag.BEAMS_UNVERIFIED in selected.flags:
        found.append(Decision("XVI_REV_002", uid, {"reason": "no plan lists the beams"}))
    elif "beam" in selected.summation:
        found.append(Decision("XVI_SUCC_003", uid, {"beams": used}))
    elif _is_of_others(files, selected):
        types = sorted(set(files.types))
        evidence: Evidence = {"types": types, "plans": sorted(selected.plan_uids)}
        found.append(Decision("XVI_REV_005", uid, evidence))
    odd = [Decision(code, uid) for flag, code in _ODD.items() if flag in selected.flags]
    return [*found, *odd]


def _is_of_others(files: DoseFiles, selected: SelectedDose) -> bool:
    """Whether a dose is of more plans than there are here to say so, or of a type of its own."""
    if len(files.plans) > 1:
        return False  # it was asked for by the names of its plans
    is_of_several = selected.is_sum_of_plans or len(selected.plan_uids) > 1
    return is_of_several or selected.summation != "PLAN"


def _undecided(files: DoseFiles, reason: str) -> Decision:
    """Name why no dose could be chosen."""
    types = files.types
    if any(row["units"] == "RELATIVE" for row in files.stated):
        code = "XVI_REV_004"
    elif types.count("PLAN") > 1:
        code = "XVI_REV_001"
    elif "PLAN" in types or not types[0]:
        code = "XVI_REV_007"
    elif "BEAM" in types:
        code = "XVI_REV_002"
    elif "FRACTION" in types:
        code = "XVI_REV_003"
    else:
        code = "XVI_REV_005"
    evidence: Evidence = {"types": sorted(set(types)), "doses": len(types), "reason": reason}
    return Decision(code, "", evidence)
