"""A segmentation as others keep it: DICOM SEG, RTSTRUCT, surface mesh; and back."""
