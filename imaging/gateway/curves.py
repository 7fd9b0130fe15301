"""DVHs as JSON: what `POST /dvh` answers, and what `POST /dvh/plot` draws."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from imaging.gateway.refusals import without_uids
from imaging.rt import DVH, DvhOptions, Metric, StoredCase
from imaging.rt.thinning import TOLERANCE_SHARE, thinned

Floats = NDArray[np.float64]

_MOST_POINTS = 1000
_DIGITS = 6  # of Gy and cm³ after the point
_GY_PER = {"Gy": 1.0, "cGy": 0.01}

Dose = Annotated[float, Field(ge=0, le=1e6)]
Volume = Annotated[float, Field(ge=0, le=1e8)]


class Curve(BaseModel):
    """A cumulative DVH: the volume that gets at least each dose."""

    name: str = Field(max_length=256, description="Name of the ROI.", examples=["PTV"])
    doses: list[Dose] = Field(
        min_length=1, max_length=20_000, description="Never falling.", examples=[[0, 47.5, 52]]
    )
    volumes: list[Volume] = Field(
        min_length=1,
        max_length=20_000,
        description="As many as doses, never rising.",
        examples=[[120.5, 120.5, 0]],
    )
    dose_units: Literal["Gy", "cGy"] = "Gy"
    volume_units: Literal["cm3", "cc", "%"] = "cm3"

    def dvh(self, number: int) -> DVH:
        """Return the curve as a DVH.

        Raises:
            InputError: Doses and volumes do not make a cumulative curve.
        """
        name = "".join(letter if letter.isprintable() else " " for letter in self.name)
        dose_gy, volumes = _from_zero(np.array(self.doses), np.array(self.volumes))
        dose_gy = np.round(dose_gy * _GY_PER[self.dose_units], _DIGITS)
        volumes = np.round(volumes, _DIGITS)
        if not volumes[0]:
            return DVH.empty(number, name)
        is_curve = dose_gy.size == volumes.size
        mean_gy = dose_gy[0] + np.trapezoid(volumes, dose_gy) / volumes[0] if is_curve else 0.0
        return DVH(
            roi_number=number,
            roi_name=name,
            volume_cc=max(volumes[0], 100.0) if self.volume_units == "%" else volumes[0],
            dose_gy=dose_gy,
            cumulative_cc=volumes,
            min_gy=dose_gy[0],
            max_gy=dose_gy[-1],
            mean_gy=min(float(mean_gy), dose_gy[-1]),
        )


class Picture(BaseModel):
    """Curves to draw; an answer of `POST /dvh` is one, too."""

    dvhs: list[Curve] = Field(min_length=1, max_length=100)
    title: str = Field("DVH", max_length=100)


class Value(BaseModel):
    """A metric of one ROI; where there is no value, flags say why."""

    metric: str = Field(examples=["D95%[Gy]"])
    value: float | None = Field(examples=[48.7])
    unit: str = Field(examples=["Gy"])
    flags: list[str] = []


class RoiDvh(Curve):
    """The DVH of one ROI."""

    model_config = ConfigDict(title="DVH")

    name: str = Field(description="Name of the ROI.", examples=["PTV"])
    doses: list[float] = Field(description="Never falling.", examples=[[0, 47.5, 52]])
    volumes: list[float] = Field(
        description="As many as doses, never rising.", examples=[[120.5, 120.5, 0]]
    )
    number: int = Field(description="ROI Number in the RTSTRUCT.", examples=[1])
    colour: str | None = Field(description="ROI Display Color.", examples=["#ff0000"])
    volume_cc: float = Field(description="Of the whole ROI.", examples=[120.5])
    outside_cc: float | None = Field(description="Outside the dose grid.", examples=[0.0])
    min_gy: float | None = Field(examples=[46.1])
    mean_gy: float | None = Field(examples=[50.0])
    median_gy: float | None = Field(examples=[50.1])
    max_gy: float | None = Field(examples=[52.0])
    metrics: list[Value]
    flags: list[str] = Field(description="What is odd, as codes.")
    remarks: list[str] = Field(description="The same in words.")
    method: str = Field(description="How it was calculated.")


class GoalValue(BaseModel):
    """How an ROI meets a goal."""

    structure: str
    goal: str
    roi_name: str
    value: float | None
    unit: str
    outcome: Literal["PASS", "ACCEPTABLE", "FAIL", "NOT_EVALUATED"]
    reason: str


class Answer(BaseModel):
    """What was calculated."""

    dvhs: list[RoiDvh]
    goals: list[GoalValue]
    prescription_gy: float | None = Field(examples=[50.0])
    prescribed_by: str = Field(description="Where the prescription is from.")
    fractions: int | None = Field(examples=[25])
    remarks: list[str] = Field(description="What was done to the dose.")


def answer_of(stored: StoredCase, options: DvhOptions) -> Answer:
    """Return what was calculated for a case."""
    case = stored.case
    results = [] if options.goals is None else case.score(options.goals)
    return Answer(
        dvhs=[_roi(dvh, stored, options.parsed) for dvh in case.dvhs],
        goals=[
            GoalValue(
                structure=result.goal.structure,
                goal=result.goal.text,
                roi_name=result.roi_name,
                value=result.value,
                unit=result.goal.metric.unit,
                outcome=result.outcome.value,
                reason=result.reason,
            )
            for result in results
        ],
        prescription_gy=case.plan.prescription_gy,
        prescribed_by=stored.prescribed_by,
        fractions=case.plan.fractions,
        remarks=[without_uids(note) for note in stored.notes],
    )


def _roi(dvh: DVH, stored: StoredCase, metrics: Sequence[Metric]) -> RoiDvh:
    found = [(metric.name, metric.evaluate(dvh, stored.case.plan)) for metric in metrics]
    doses, volumes = _few_points(dvh)
    return RoiDvh(
        name=dvh.roi_name,
        number=dvh.roi_number,
        colour=stored.colours.get(dvh.roi_number),
        doses=np.round(doses, _DIGITS).tolist(),
        volumes=np.round(volumes, _DIGITS).tolist(),
        volume_cc=dvh.volume_cc,
        outside_cc=dvh.outside_cc,
        min_gy=dvh.min_gy,
        mean_gy=dvh.mean_gy,
        median_gy=dvh.median_gy,
        max_gy=dvh.max_gy,
        metrics=[
            Value(metric=name, value=value.value, unit=value.unit, flags=[*value.flags])
            for name, value in found
        ],
        flags=[*dvh.flags],
        remarks=[without_uids(note) for note in dvh.notes],
        method=dvh.method,
    )


def _few_points(dvh: DVH) -> tuple[Floats, Floats]:
    """Leave out points until the curve has few enough, those that it needs least first."""
    curve, share = (dvh.dose_gy, dvh.cumulative_cc), TOLERANCE_SHARE
    while curve[0].size > _MOST_POINTS and share < 1:
        share *= 2
        curve = thinned(dvh.dose_gy, dvh.cumulative_cc, share)
    return _from_zero(*curve)


def _from_zero(dose: Floats, volume: Floats) -> tuple[Floats, Floats]:
    """Begin a curve at 0: all of the volume gets at least the smallest dose, and so no dose."""
    if dose[0] <= 0:
        return dose, volume
    return np.append(0.0, dose), np.append(volume[0], volume)
