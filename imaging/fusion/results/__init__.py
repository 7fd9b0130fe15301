"""What was delivered, put together: a scene and a merged mesh a group, and a table of all."""

from imaging.fusion.results.assembling import assemble
from imaging.fusion.results.groups import Assembly, Group, Part
from imaging.fusion.results.metrics import metric_rows, write_metrics

__all__ = ["Assembly", "Group", "Part", "assemble", "metric_rows", "write_metrics"]
