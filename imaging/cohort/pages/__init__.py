"""What a person gets of a cohort: an HTML report, a workbook, tables, and a methods paragraph."""

from imaging.cohort.pages.report import CohortReport, write_report

__all__ = ["CohortReport", "write_report"]
