"""DVHs integrated exactly: polygons, slabs and trilinear doses, without sampling."""

from imaging.rt.exact.engine import calculate

__all__ = ["calculate"]
