"""Pictures of label maps: three planes in colours, with letters and a legend."""

from imaging.labels.pictures.picture import label_picture
from imaging.labels.pictures.shrinking import shrunk

__all__ = ["label_picture", "shrunk"]
