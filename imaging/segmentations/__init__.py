"""Label maps of many patients: which files there are, some labels kept, their volumes compared."""
