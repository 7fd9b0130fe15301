"""What a person asks of a DVH calculation; Prefect shows these as forms."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from imaging.errors import InputError
from imaging.rt.cases.options import DvhOptions
from imaging.rt.conventions import ConventionName, convention
from imaging.rt.doses.selection import DosePolicy
from imaging.rt.method import Between, DoseInterpolation, EngineName, Method
from imaging.rt.metrics.goal_files import protocol, protocol_names, read_goals
from imaging.rt.metrics.goals import GoalTable


class MethodChoice(BaseModel):
    """How DVHs are calculated; planning systems differ here."""

    model_config = ConfigDict(extra="forbid", title="Method")

    convention: ConventionName = Field(
        "exact",
        description="Whose end caps and interpolation between contours; exact is half a slice of"
        " end cap, and straight prisms.",
    )
    between: Between | None = Field(
        None,
        description="What joins neighbouring contours: prism, each reaches half-way; cubic, areas"
        " follow a cubic; shape, outlines change evenly. Empty: the convention's.",
    )
    end_caps: Literal["half", "none", "rounded"] | None = Field(
        None,
        description="How far an ROI reaches beyond its first and last contour: half a gap between"
        " contours; none; rounded, a third of half a gap. Empty: the convention's.",
    )
    end_caps_mm: float | None = Field(
        None,
        ge=0,
        le=50,
        title="End caps [mm]",
        description="The same as a length; not together with end caps by name.",
    )
    dose_interpolation: DoseInterpolation | None = Field(
        None, description="Instead of the convention's, which is linear."
    )
    engine: EngineName = Field(
        "exact", description="dicompyler is dicompyler-core, for a cross-check; it knows no choice."
    )

    def method(self) -> Method:
        """Return the method that was chosen.

        Raises:
            InputError: End caps are given twice.
        """
        if self.end_caps is not None and self.end_caps_mm is not None:
            msg = f"end caps are {self.end_caps} and {self.end_caps_mm:g} mm: give one of the two"
            raise InputError(msg)
        if self.engine == "dicompyler":
            return Method(engine="dicompyler")
        method = convention(self.convention).method
        caps = self.end_caps if self.end_caps_mm is None else self.end_caps_mm
        if caps is not None:  # the limit of a convention is for end caps of its own
            method = replace(method, end_caps=caps, longest_cap_mm=None)
        if self.between is not None:
            method = replace(method, between=self.between)
        if self.dose_interpolation is not None:
            method = replace(method, dose_interpolation=self.dose_interpolation)
        return method


class DoseChoice(BaseModel):
    """What 100 % means, and what may be done to get one dose out of several."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, title="Dose")

    prescription_gy: float | None = Field(
        None, gt=0, title="Prescription [Gy]", description="Empty: what the plan states."
    )
    sum_plans: list[str] = Field(
        default_factory=list,
        description="SOP Instance UIDs or labels of the plans whose doses to add. Empty: the one"
        " plan there is; nothing is ever added across plans that are not named.",
    )
    scale_fractions: bool = Field(
        default=False, description="Multiply the dose of a fraction by the number of fractions."
    )
    include_unapproved: bool = Field(
        default=False, description="Use plans that are not approved. A single dose is always used."
    )

    def policy(self) -> DosePolicy:
        """Return what may be done."""
        return DosePolicy(
            sum_plans=tuple(self.sum_plans),
            scale_fractions=self.scale_fractions,
            include_unapproved=self.include_unapproved,
            prescription_gy=self.prescription_gy,
        )


def options_of(  # noqa: PLR0913 - each is a field of the form
    data_root: Path,
    *,
    rois: Sequence[str],
    metrics: Sequence[str],
    goals: str | None,
    aliases: Mapping[str, Sequence[str]],
    method: MethodChoice,
    dose: DoseChoice,
    alpha_beta: Mapping[str, float],
    write_dvhs: bool,
) -> DvhOptions:
    """Put together what was asked.

    Args:
        data_root: Relative paths of files of goals count from here.
        rois: Names or patterns of ROIs; none means all.
        metrics: TG-263 names.
        goals: Name of a published protocol, or path of a YAML or CSV file; None or "" for none.
        aliases: Names of ROIs by structure of the goals.
        method: How to calculate.
        dose: Which dose.
        alpha_beta: alpha/beta in Gy by name or pattern of ROIs.
        write_dvhs: Write DVHs into a copy of the RTDOSE, too.

    Raises:
        InputError: A metric's name, a file of goals, an alpha/beta, or a choice is wrong.
    """
    _check_alpha_beta(alpha_beta)
    return DvhOptions(
        rois=tuple(rois),
        metrics=tuple(metrics),
        goals=_goals(goals, aliases, data_root),
        method=method.method(),
        policy=dose.policy(),
        alpha_beta_gy=dict(alpha_beta),
        write_dvhs=write_dvhs,
    )


def _goals(
    goals: str | None, aliases: Mapping[str, Sequence[str]], data_root: Path
) -> GoalTable | None:
    """Read the goals, if any, and add the names that this run's ROIs have.

    Raises:
        InputError: There are aliases and no goals, or none for the structure of an alias.
    """
    if goals:
        return _table(goals, data_root).with_aliases(aliases)
    if aliases:
        msg = f"aliases for {', '.join(aliases)} are names in goals, and no goals are given"
        raise InputError(msg)
    return None


def _table(goals: str, data_root: Path) -> GoalTable:
    """Tell the name of a protocol from a path."""
    is_file = Path(goals).suffix.lower() in {".yaml", ".yml", ".csv", ".tsv"}
    if is_file and goals not in protocol_names():
        return read_goals(data_root / goals)
    return protocol(goals)


def _check_alpha_beta(alpha_beta: Mapping[str, float]) -> None:
    """Refuse what no tissue has, before anything is calculated.

    Raises:
        InputError: A value is not a positive, finite number; names its entry.
    """
    for name, gy in alpha_beta.items():
        if not 0 < gy < math.inf:
            msg = f"alpha_beta of {name} is {gy:g} Gy; it is a number above 0"
            raise InputError(msg)
