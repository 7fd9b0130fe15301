"""Surface meshes of files that may be damaged or hostile, and which tooth each is."""

from imaging.fusion.meshes.colours import Colour, colour_of, is_tissue
from imaging.fusion.meshes.fdi import Tooth, fdi, teeth_in, tooth_in
from imaging.fusion.meshes.reading import MOST_FACES, read_mesh
from imaging.fusion.meshes.writing import write_mesh

__all__ = [
    "MOST_FACES",
    "Colour",
    "Tooth",
    "colour_of",
    "fdi",
    "is_tissue",
    "read_mesh",
    "teeth_in",
    "tooth_in",
    "write_mesh",
]
