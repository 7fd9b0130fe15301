"""CT series, masks and doses as images with geometry, in NIfTI."""
