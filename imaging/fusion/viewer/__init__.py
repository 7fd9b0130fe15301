"""A page that shows a case in 3-D; one file, which needs no network and no server."""

from imaging.fusion.viewer.writing import write_viewer

__all__ = ["write_viewer"]
