"""What a DVH says: metrics by TG-263 names, indices, biology, and goals."""
