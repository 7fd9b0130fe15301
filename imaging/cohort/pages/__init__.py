"""What a person gets of a cohort: an HTML report, a workbook, tables, and a methods paragraph."""

from imaging.cohort.pages.report import CohortReport, write_report
from imaging.cohort.pages.thumbnails import sheets_as_markdown

__all__ = ["CohortReport", "sheets_as_markdown", "write_report"]
