"""Small tables of labels in each format, as their programs write them."""

from pathlib import Path

DSEG = "index\tname\tabbreviation\tcolor\tmapping\n"
SNAP = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0     0.50  1  1    "Kidney "left""
   12     0  255    3        1  0  1    "label two"
"""
CTBL = """\
# Color table file /somewhere/Segmentation.ctbl
# 4 values
0 Background 0 0 0 0
1 artery 216 101 79 255
2 (none) 0 0 0 0
3 connective_tissue 111 184 210 255
"""
XML = b"""\
<?xml version="1.0" encoding="UTF-8"?> <CaretExtension>  <VolumeInformation Index="0">
<LabelTable><Label Key="0" Red="0" Green="0" Blue="0" Alpha="0"><![CDATA[???]]></Label>
<Label Key="1" Red="1.0" Green="0.5019607843137255" Blue="0.0" Alpha="1"><![CDATA[spleen]]></Label>
<Label Key="-7">C&amp;A &lt;1</Label></LabelTable></VolumeInformation></CaretExtension>
"""


def written(folder: Path, content: str | bytes, name: str = "labels.txt") -> Path:
    """Write a file of a test."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
