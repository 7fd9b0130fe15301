"""Structure sets and dose: DVHs, their metrics by TG-263 names, tables, plots and a report."""

from imaging.dicom import name_key
from imaging.rt.cases.calculate import (
    DEFAULT_METRICS,
    CaseResult,
    DvhCase,
    DvhOptions,
    DvhSummary,
    calculate_case,
    gather,
)
from imaging.rt.cases.store import StoredCase, load_case
from imaging.rt.cases.tables import CaseDVHs, curves_table, metrics_table, write_table
from imaging.rt.compute import dvhs_of_files
from imaging.rt.dvh import DVH
from imaging.rt.files.objects import prescription_gy, roi_colours, sop_instance_uid
from imaging.rt.flags import Flag
from imaging.rt.method import EngineName, Method
from imaging.rt.metrics.metric import Metric, MetricValue
from imaging.rt.pages.plot import plot_dvhs, png_data_uri, svg_text, write_png
from imaging.rt.pages.report import ReportPatient, write_report
from imaging.rt.pages.show import case_markdown, wide_table

__all__ = [
    "DEFAULT_METRICS",
    "DVH",
    "CaseDVHs",
    "CaseResult",
    "DvhCase",
    "DvhOptions",
    "DvhSummary",
    "EngineName",
    "Flag",
    "Method",
    "Metric",
    "MetricValue",
    "ReportPatient",
    "StoredCase",
    "calculate_case",
    "case_markdown",
    "curves_table",
    "dvhs_of_files",
    "gather",
    "load_case",
    "metrics_table",
    "name_key",
    "plot_dvhs",
    "png_data_uri",
    "prescription_gy",
    "roi_colours",
    "sop_instance_uid",
    "svg_text",
    "wide_table",
    "write_png",
    "write_report",
    "write_table",
]
