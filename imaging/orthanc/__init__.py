"""Orthanc's REST API: an archive that is listed from its index and fetched as streams."""

from imaging.orthanc.archive import OrthancArchive

__all__ = ["OrthancArchive"]
