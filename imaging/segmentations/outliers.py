"""Organs whose volume is unlike that of other patients: a wrong segmentation, or a rare body.

Volumes are compared by their logarithms, as organs vary by factors, and by the modified z-score
(Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993): the distance from the median in
units of the median absolute deviation, which outliers themselves do not widen. With few patients
that deviation is uncertain: of normal volumes 2 % are beyond 3.5 with 8 patients, 0.7 % with 20.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imaging.labels.dictionaries.words import wording
from imaging.segmentations.volumes import CohortVolumes, organ_key

LEAST_COMPARED = 8  # patients; of fewer, nobody is called an outlier
_TO_SIGMA = 1.4826  # of a normal distribution, by its median absolute deviation
_LEAST_SPREAD = 0.02  # of a logarithm: organs that differ by less than 2 % are equal
_USUAL = 0.9  # an organ that so many have should not be missing
_KEYS = ["case_id", "volume", "organ"]
_FINDINGS = {
    "case_id": "str",
    "volume": "int64",
    "organ": "str",
    "finding": "str",
    "ml": "float64",
    "typical_ml": "float64",
    "ratio": "float64",
    "z": "float64",
    "compared": "int64",
}
_ORGANS = [
    "organ",
    "cases",
    "compared",
    "cut",
    "median_ml",
    "q25_ml",
    "q75_ml",
    "low_ml",
    "high_ml",
    "outliers",
]
_ORDER = {"large": 0, "small": 0, "sides differ": 1, "missing": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The volumes of a cohort, compared.

    Attributes:
        volumes: The table of volumes with ``z``, the modified z-score of the organ (missing where
            too few are compared), and ``flags``, divided by semicolons: ``large``, ``small``,
            ``sides differ``, ``touches edge``.
        findings: One row each: ``case_id, volume, organ, finding, ml, typical_ml, ratio, z,
            compared``; what is furthest off first. ``ratio`` is ``ml`` to ``typical_ml``, or left
            to right where the sides differ. ``missing`` means that nearly all others have it.
        organs: One row an organ: ``organ, cases, compared, cut, median_ml, q25_ml, q75_ml, low_ml,
            high_ml, outliers``. Those that the image cuts off count among ``cut`` and nowhere else.
    """

    volumes: pd.DataFrame
    findings: pd.DataFrame
    organs: pd.DataFrame


def judge(cohort: CohortVolumes, threshold: float = 3.5) -> Judged:
    """Compare every organ over the patients.

    An organ that touches the image's edge is not whole: its volume says nothing about others, and
    is itself only suspicious when it is large.

    Args:
        cohort: The volumes.
        threshold: The modified z-score beyond which a volume is an outlier.
    """
    sums = cohort.table.groupby(_KEYS, sort=True, as_index=False).agg(
        ml=("ml", "sum"), touches_edge=("touches_edge", "any")
    )
    sums["z"], sums["compared"], sums["typical_ml"] = np.nan, 0, np.nan
    for _, rows in sums.groupby("organ"):
        whole = ~rows["touches_edge"].to_numpy()
        z, middle = _scores(np.log(rows["ml"].to_numpy()), whole)
        sums.loc[rows.index, "z"] = z
        sums.loc[rows.index, "compared"] = int(whole.sum())
        sums.loc[rows.index, "typical_ml"] = np.exp(middle)
    sums["finding"] = ""
    sums.loc[sums["z"] > threshold, "finding"] = "large"
    sums.loc[(sums["z"] < -threshold) & ~sums["touches_edge"], "finding"] = "small"
    sums["ratio"] = sums["ml"] / sums["typical_ml"]
    sides = _sides(sums, threshold)
    parts = [sums[sums["finding"] != ""], sides, _missing(sums, cohort.units)]
    findings = pd.concat([part for part in parts if len(part)] or [pd.DataFrame()])
    findings = findings.reindex(columns=list(_FINDINGS)).astype(_FINDINGS)
    return Judged(_flagged(cohort.table, sums, sides), _ordered(findings), _organs(sums))


def _scores(
    logs: NDArray[np.float64], counts: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    """Return modified z-scores and the median of those that count; NaN where they are too few."""
    if not counts.any():
        return np.full(logs.shape, np.nan), float("nan")
    middle = float(np.median(logs[counts]))
    if counts.sum() < LEAST_COMPARED:
        return np.full(logs.shape, np.nan), middle
    spread = _TO_SIGMA * float(np.median(np.abs(logs[counts] - middle)))
    return (logs - middle) / max(spread, _LEAST_SPREAD), middle


def _sides(sums: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Find patients whose left and right differ as nobody else's do; whole organs only."""
    whole = sums[~sums["touches_edge"]]
    of_key = {organ_key(str(organ)): rows for organ, rows in whole.groupby("organ")}
    found = []
    for key, left in of_key.items():
        right = of_key.get(_other_side(key))
        if right is None:
            continue
        pairs = left.merge(right, on=["case_id", "volume"], suffixes=("", "_right"))
        logs = np.log(pairs["ml"].to_numpy() / pairs["ml_right"].to_numpy())
        z, middle = _scores(logs, np.ones(len(pairs), dtype=np.bool_))
        typical_ml = pairs["ml_right"] * np.exp(middle)
        pairs = pairs.assign(z=z, ratio=np.exp(logs), typical_ml=typical_ml, compared=len(pairs))
        found.append(pairs[np.abs(z) > threshold].assign(finding="sides differ"))
    return pd.concat(found) if found else pd.DataFrame()


def _other_side(key: str) -> str:
    """Return the key of the right organ that belongs to a left one; empty for others."""
    read = wording(key)
    return " ".join((*read.base, "right")).strip() if read.side == "left" else ""


def _missing(sums: pd.DataFrame, units: tuple[tuple[str, int], ...]) -> pd.DataFrame:
    """Find patients without an organ that nearly all others have."""
    rows = []
    for organ, found in sums.groupby("organ"):
        have = set(zip(found["case_id"], found["volume"], strict=True))
        if len(units) < LEAST_COMPARED or len(have) < _USUAL * len(units):
            continue
        rows += [
            {
                "case_id": case_id,
                "volume": volume,
                "organ": organ,
                "finding": "missing",
                "typical_ml": found["typical_ml"].iloc[0],
                "compared": len(units),
            }
            for case_id, volume in units
            if (case_id, volume) not in have
        ]
    return pd.DataFrame(rows)


def _flagged(table: pd.DataFrame, sums: pd.DataFrame, sides: pd.DataFrame) -> pd.DataFrame:
    """Add scores and flags to the rows of the labels."""
    differing: set[tuple[str, int, str]] = set()
    for name in ("organ", "organ_right") if len(sides) else ():
        differing.update(zip(sides["case_id"], sides["volume"], sides[name], strict=True))
    merged = table.merge(sums[[*_KEYS, "z", "finding"]], on=_KEYS, how="left")
    columns = [merged[name] for name in ("finding", "touches_edge", *_KEYS)]
    merged["flags"] = [
        ";".join(
            flag
            for flag, applies in (
                (finding, finding != ""),
                ("sides differ", tuple(keys) in differing),
                ("touches edge", is_cut),
            )
            if applies
        )
        for finding, is_cut, *keys in zip(*columns, strict=True)
    ]
    return merged.drop(columns="finding")


def _ordered(findings: pd.DataFrame) -> pd.DataFrame:
    """Put outliers first, and of them those that are furthest off."""
    kinds, far = findings["finding"].map(_ORDER), -findings["z"].abs().fillna(0)
    sorted_ = findings.assign(kind=kinds, far=far).sort_values(
        ["kind", "far", "case_id", "organ"], kind="stable", ignore_index=True
    )
    return sorted_.drop(columns=["kind", "far"])


def _organs(sums: pd.DataFrame) -> pd.DataFrame:
    """Summarise each organ over the patients."""
    rows = []
    for organ, found in sums.groupby("organ"):
        whole = found[~found["touches_edge"]]["ml"]
        quantiles = whole.quantile([0, 0.25, 0.5, 0.75, 1]).tolist()
        low, q25, median, q75, high = quantiles
        rows.append(
            {
                "organ": organ,
                "cases": len(found),
                "compared": len(whole),
                "cut": len(found) - len(whole),
                "median_ml": median,
                "q25_ml": q25,
                "q75_ml": q75,
                "low_ml": low,
                "high_ml": high,
                "outliers": int((found["finding"] != "").sum()),
            }
        )
    return pd.DataFrame(rows, columns=_ORGANS)
