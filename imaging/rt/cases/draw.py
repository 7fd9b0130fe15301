"""What a person looks at of one case: the plot, the page to explore, and the tables."""

from pathlib import Path

from imaging.rt.cases.options import DvhOptions
from imaging.rt.cases.store import StoredCase
from imaging.rt.cases.summaries import wide_table
from imaging.rt.cases.tables import goals_table, metrics_table, write_table
from imaging.rt.curves import Curve
from imaging.rt.pages.goal_marks import marks_of
from imaging.rt.pages.interactive import write_interactive
from imaging.rt.pages.marks import GoalMark
from imaging.rt.pages.plot import plot_dvhs, write_png
from imaging.rt.planned.comparison import curves_by_name, volumes_by_name

PLANNING_SYSTEM = "planning system"


def overlays_of(stored: StoredCase) -> dict[str, Curve]:
    """Return the planning system's curves by ROI name."""
    return curves_by_name(stored.planned, stored.case.dvhs)


def marks_of_case(stored: StoredCase, options: DvhOptions) -> list[GoalMark]:
    """Return where the goals stand in a plot."""
    if options.goals is None:
        return []
    results = stored.case.score(options.goals)
    return marks_of(results, stored.case.dvhs, stored.case.plan.prescription_gy)


def draw_case(stored: StoredCase, options: DvhOptions, folder: Path, cohort: Path) -> None:
    """Write `dvh.png`, `dvh.html`, `metrics` and `goals` of one case.

    Args:
        stored: The case.
        options: Which metrics and goals.
        folder: Of the case.
        cohort: Where the page's library lies, once for all cases.
    """
    case, overlays, marks = stored.case, overlays_of(stored), marks_of_case(stored, options)
    figure = plot_dvhs(
        case.dvhs,
        title=case.case_id,
        colours=stored.colours,
        overlays=overlays,
        overlay_label=PLANNING_SYSTEM,
        marks=marks,
        differential="%",
        difference=bool(overlays),
    )
    write_png(figure, folder / "dvh.png")
    metrics = metrics_table([case], options.parsed)
    write_table(metrics, folder, "metrics")
    if options.goals is not None:
        write_table(goals_table([case], options.goals), folder, "goals")
    write_interactive(
        folder / "dvh.html",
        title=case.case_id,
        subtitle=" ".join(stored.notes),
        dvhs=case.dvhs,
        colours=stored.colours,
        overlays=overlays,
        overlay_volumes_cc=volumes_by_name(stored.planned, case.dvhs),
        marks=marks,
        rows=wide_table(metrics),
        shared=cohort,
    )
