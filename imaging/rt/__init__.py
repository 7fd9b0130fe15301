"""Structure sets and dose: DVHs, their metrics by TG-263 names, goals, tables and a report."""

from imaging.dicom import name_key
from imaging.rt.cases.calculate import CaseResult, calculate_case, dvhs_of_case
from imaging.rt.cases.gather import DvhSummary, gather
from imaging.rt.cases.options import DEFAULT_METRICS, DvhCase, DvhOptions
from imaging.rt.cases.show import case_markdown, failed_goals
from imaging.rt.cases.store import StoredCase, load_case
from imaging.rt.cases.summaries import wide_table
from imaging.rt.cases.tables import (
    CaseDVHs,
    curves_table,
    goals_table,
    metrics_table,
    write_table,
)
from imaging.rt.compute import dvhs_of_files
from imaging.rt.conventions import ConventionName
from imaging.rt.doses.selection import DosePolicy
from imaging.rt.dvh import DVH
from imaging.rt.exports import file_of, files_of
from imaging.rt.files.objects import prescription_gy, roi_colours, sop_instance_uid
from imaging.rt.flags import Flag
from imaging.rt.method import Between, DoseInterpolation, EndCaps, EngineName, Method
from imaging.rt.metrics.biology import bed, eqd2, geud
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.goal_files import protocol, protocol_names, read_goals
from imaging.rt.metrics.goals import Goal, GoalResult, GoalTable, Outcome
from imaging.rt.metrics.indices import body_of
from imaging.rt.metrics.metric import Metric, MetricValue
from imaging.rt.pages.plot import plot_dvhs, png_data_uri, svg_text, write_png
from imaging.rt.pages.report import ReportPatient, write_report
from imaging.rt.planned.copies import write_dvhs_copy
from imaging.rt.request import DoseChoice, MethodChoice, options_of

__all__ = [
    "DEFAULT_METRICS",
    "DVH",
    "Between",
    "CaseDVHs",
    "CaseResult",
    "ConventionName",
    "DoseChoice",
    "DoseInterpolation",
    "DosePolicy",
    "DvhCase",
    "DvhOptions",
    "DvhSummary",
    "EndCaps",
    "EngineName",
    "Flag",
    "Goal",
    "GoalResult",
    "GoalTable",
    "Method",
    "MethodChoice",
    "Metric",
    "MetricValue",
    "Outcome",
    "PlanContext",
    "ReportPatient",
    "StoredCase",
    "bed",
    "body_of",
    "calculate_case",
    "case_markdown",
    "curves_table",
    "dvhs_of_case",
    "dvhs_of_files",
    "eqd2",
    "failed_goals",
    "file_of",
    "files_of",
    "gather",
    "geud",
    "goals_table",
    "load_case",
    "metrics_table",
    "name_key",
    "options_of",
    "plot_dvhs",
    "png_data_uri",
    "prescription_gy",
    "protocol",
    "protocol_names",
    "read_goals",
    "roi_colours",
    "sop_instance_uid",
    "svg_text",
    "wide_table",
    "write_dvhs_copy",
    "write_png",
    "write_report",
    "write_table",
]
