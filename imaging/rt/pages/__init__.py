"""DVHs for a person: pictures, pages, and a population."""
