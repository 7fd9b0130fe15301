"""What a person looks at of one case: the plot, the page to explore, and the tables."""

from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

from imaging.rt.cases.options import DvhOptions
from imaging.rt.cases.store import COPY, StoredCase
from imaging.rt.cases.summaries import wide_table
from imaging.rt.cases.tables import goals_table, metrics_table, remove_table, write_table
from imaging.rt.curves import Curve
from imaging.rt.pages.goal_marks import marks_of
from imaging.rt.pages.interactive import write_interactive
from imaging.rt.pages.marks import GoalMark
from imaging.rt.pages.plot import plot_dvhs, write_png
from imaging.rt.planned.comparison import curves_by_name, repeated_names, volumes_by_name

PLANNING_SYSTEM = "planning system"


def overlays_of(stored: StoredCase) -> dict[str, Curve]:
    """Return the planning system's curves by ROI name."""
    return curves_by_name(stored.planned, stored.case.dvhs)


def remarks_of(stored: StoredCase) -> tuple[str, ...]:
    """Return what is to be said about a case: the dose, the copy of it, and overlays left out."""
    remarks = [*stored.notes, *([stored.no_copy] if stored.no_copy else [])]
    left_out = stored.planned.left_out
    if left_out:
        remarks.append(f"Of the planning system's DVHs left out ({len(left_out)}): {left_out[0]}.")
    repeated = repeated_names(stored.case.dvhs) if stored.planned.curves else []
    if repeated:
        said = ", ".join(repeated)
        remarks.append(f"Several ROIs are named alike, and no overlay is drawn for them: {said}.")
    return tuple(remarks)


def marks_of_case(stored: StoredCase, options: DvhOptions) -> list[GoalMark]:
    """Return where the goals stand in a plot."""
    if options.goals is None:
        return []
    results = stored.case.score(options.goals)
    return marks_of(results, stored.case.dvhs, stored.case.plan.prescription_gy)


def plot_case(
    stored: StoredCase, options: DvhOptions, differential: Literal["%", "cc"] | None = None
) -> Figure:
    """Draw the curves of a case with the planning system's and the goals, as ``plot_dvhs`` does."""
    overlays = overlays_of(stored)
    return plot_dvhs(
        stored.case.dvhs,
        title=stored.case.case_id,
        colours=stored.colours,
        overlays=overlays,
        overlay_label=PLANNING_SYSTEM,
        marks=marks_of_case(stored, options),
        differential=differential,
        difference=bool(overlays),
    )


def is_drawn(stored: StoredCase, options: DvhOptions, folder: Path) -> bool:
    """Say whether all that ``draw_case`` writes is there, and the copy of the dose where asked."""
    tables = ["metrics"] if options.goals is None else ["metrics", "goals"]
    names = [f"{name}.{kind}" for name in tables for kind in ("parquet", "csv")]
    copy = [COPY] if options.write_dvhs and not stored.no_copy else []
    return all((folder / name).exists() for name in ("dvh.png", "dvh.html", *names, *copy))


def draw_case(stored: StoredCase, options: DvhOptions, folder: Path, cohort: Path) -> None:
    """Write `dvh.png`, `dvh.html`, `metrics` and `goals` of one case.

    Args:
        stored: The case.
        options: Which metrics and goals.
        folder: Of the case.
        cohort: Where the page's library lies, once for all cases.
    """
    case = stored.case
    write_png(plot_case(stored, options, differential="%"), folder / "dvh.png")
    metrics = metrics_table([case], options.parsed)
    write_table(metrics, folder, "metrics")
    if options.goals is None:
        remove_table(folder, "goals")
    else:
        write_table(goals_table([case], options.goals), folder, "goals")
    write_interactive(
        folder / "dvh.html",
        title=case.case_id,
        subtitle=" ".join(remarks_of(stored)),
        dvhs=case.dvhs,
        colours=stored.colours,
        overlays=overlays_of(stored),
        overlay_volumes_cc=volumes_by_name(stored.planned, case.dvhs),
        marks=marks_of_case(stored, options),
        rows=wide_table(metrics),
        shared=cohort,
    )
