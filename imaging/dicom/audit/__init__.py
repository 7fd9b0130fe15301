"""What is left of an identity in de-identified output: where, of what kind, never the value."""

from imaging.dicom.audit.auditing import audit
from imaging.dicom.audit.findings import AuditReport, Finding, Kind

__all__ = ["AuditReport", "Finding", "Kind", "audit"]
