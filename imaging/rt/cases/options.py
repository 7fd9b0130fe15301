"""What a DVH calculation is about: the files of a case, and what is asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imaging.rt.doses.selection import DosePolicy
from imaging.rt.method import Method
from imaging.rt.metrics.goals import GoalTable
from imaging.rt.metrics.metric import Metric

DEFAULT_METRICS = ("D95%[Gy]", "D50%[Gy]", "D2%[Gy]", "Dmean[Gy]", "V20Gy[%]", "Volume[cc]")


@dataclass(frozen=True, slots=True)
class DvhCase:
    """The files of one case.

    Attributes:
        case_id: A pseudonym, also the name of the folder its results go to.
        rtdoses: One dose, or several that make up one.
        decision: Outcome and codes of the cohort, for the report.
        course: Which treatment of the patient it is.
        sums_plans: The dose is the sum of all of its plans, whatever the options say.
    """

    case_id: str
    rtstruct: Path
    rtdoses: tuple[Path, ...]
    rtplans: tuple[Path, ...] = ()
    decision: str = ""
    codes: tuple[str, ...] = ()
    course: str = "1"
    sums_plans: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of the case."""
        return (self.rtstruct, *self.rtdoses, *self.rtplans)


@dataclass(frozen=True, slots=True, kw_only=True)
class DvhOptions:
    """What to calculate.

    Attributes:
        rois: Names or patterns of ROIs; () means all.
        metrics: TG-263 names, checked here.
        goals: What the metrics of structures should be; None judges nothing.
        method: End caps, interpolations and engine.
        policy: What may be done to get one dose out of several, and what 100 % of it means.
        alpha_beta_gy: alpha/beta by name or pattern of ROIs, before the usual values.
        write_dvhs: Write a copy of the RTDOSE that holds the DVHs, too.

    Raises:
        InputError: A metric's name follows no grammar.
    """

    rois: tuple[str, ...] = ()
    metrics: tuple[str, ...] = DEFAULT_METRICS
    goals: GoalTable | None = None
    method: Method = field(default_factory=Method)
    policy: DosePolicy = field(default_factory=DosePolicy)
    alpha_beta_gy: Mapping[str, float] = field(default_factory=dict)
    write_dvhs: bool = False

    def __post_init__(self) -> None:
        """Refuse a wrong metric before anything is calculated."""
        for name in self.metrics:
            Metric.parse(name)

    @property
    def parsed(self) -> list[Metric]:
        """The metrics, each once and in order."""
        return [Metric.parse(name) for name in dict.fromkeys(self.metrics)]

    @property
    def needs_body(self) -> bool:
        """Whether a metric or goal asks for the isodoses in the whole body."""
        goals = () if self.goals is None else self.goals.goals
        return any(metric.needs_body for metric in (*self.parsed, *(g.metric for g in goals)))
