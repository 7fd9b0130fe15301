"""The rows of the table of decision codes; `imaging.cohort.codes` reads them.

Each row: code, meaning, and PDCP's equivalent (doi 10.3390/software1020009) where it has one. A
code of the same name keeps PDCP's meaning.
"""

PATIENT = (
    ("I_SUCC_001", "the patient's studies passed the first rules", "I_SUCC_001"),
    ("I_SUCC_002", "one of several treatments was chosen, by policy or a reviewer", "I_SUCC_002"),
    ("I_SUCC_003", "one of several courses, each a case of its own", ""),
    ("I_REV_002", "studies under one PatientID disagree on name or birth date", ""),
    ("I_REV_003", "the patient's studies changed during the extraction; run again", ""),
    ("I_EXEC_002", "the patient could not be summarised", "I_EXEC_001, I_EXEC_002"),
    ("I_EXEC_003", "the archive has no such patient", "I_EXEC_003"),
    ("I_EXEC_004", "only phantom studies", "I_EXEC_004"),
    ("I_EXEC_005", "a required modality is missing", "I_EXEC_005, II_EXEC_001"),
    ("I_EXEC_006", "the study description rules removed every study", "I_EXEC_006"),
    (
        "I_EXEC_007",
        "several complete treatments: the candidates are in quarantine, to be chosen from",
        "I_EXEC_007, I_REV_001",
    ),
    ("I_EXEC_008", "no RTSTRUCT holds a wanted ROI", "II_EXEC_002"),
    ("I_EXEC_009", "studies are still arriving; they wait for the next run", ""),
)
LINKS = (
    ("II_SUCC_001", "exactly one complete chain of objects", "II_SUCC_001"),
    ("II_SUCC_002", "linked by frame of reference only, and just one candidate", ""),
    ("II_SUCC_003", "slices that do not stack evenly are to be resampled, as the rules ask", ""),
    ("II_EXEC_002", "the objects do not refer to each other", "II_EXEC_002"),
    (
        "II_EXEC_003",
        "several chains within one treatment: the candidates are in quarantine, to be chosen from",
        "II_EXEC_003",
    ),
    ("II_EXEC_004", "an RT object is unreadable, and no chain is complete without it", ""),
    ("II_EXEC_005", "the number of slices is outside the bounds of the rules", "II_EXEC_002"),
    ("II_EXEC_006", "no plan may be used: rejected, or not approved as the rules want", ""),
    ("II_REV_001", "more slices than the rules allow", "II_REV_001"),
    ("II_REV_002", "fewer slices than the rules allow", "II_REV_002"),
    ("II_REV_003", "images that the RTSTRUCT refers to are missing", ""),
    ("II_REV_004", "the only complete plan is not approved", ""),
    ("II_REV_006", "an RT object beside the chain is unreadable", ""),
    ("II_REV_007", "slices are missing or unevenly spaced", ""),
    ("II_REV_008", "several slices at one position", ""),
    (
        "II_REV_009",
        "slices of different orientation, or tilted against their stacking direction",
        "",
    ),
    ("II_REV_010", "slice positions are not stated", "XI_EXEC_001"),
    ("II_REV_011", "slices of different size", ""),
    ("II_REV_012", "an object's frame of reference is not that of the images", ""),
)
IMAGES = (
    ("XII_SUCC_001", "the images were written as NIfTI", "XII_SUCC_001"),
    ("XII_SUCC_002", "missing slices were interpolated, as the rules ask", ""),
    ("XII_SUCC_003", "tilted slices were resampled, as the rules ask", ""),
    ("XII_REV_001", "no volume: the slices do not stack evenly", ""),
    ("XII_REV_002", "no volume: the slices differ in size, spacing or meaning of their pixels", ""),
    ("XII_REV_003", "no volume: pixels cannot be decoded", ""),
    ("XII_EXEC_001", "the images could not be written as NIfTI", "XII_EXEC_001"),
)
MASKS = (
    ("XIV_SUCC_001", "the masks were written", "XIV_SUCC_001, XXII_SUCC_001"),
    ("XIV_SUCC_002", "ROIs without a closed contour have no mask", "XXII_REV_001, XXII_REV_003"),
    ("XIV_REV_001", "an ROI reaches beyond the images", ""),
    ("XIV_REV_002", "an ROI's contours are not in the planes of the images: it has no mask", ""),
    ("XIV_REV_003", "a wanted ROI has no mask", "XXII_REV_002"),
    ("XIV_REV_004", "an ROI's contours are broken: it has no mask", ""),
    ("XIV_EXEC_001", "the masks could not be made", "XIV_EXEC_001, XXII_EXEC_001"),
)
DOSES = (
    ("XVI_SUCC_002", "the same dose was exported more than once: one is used", ""),
    ("XVI_SUCC_003", "the dose is the sum of the plan's beams", ""),
    ("XVI_SUCC_004", "the dose was written as NIfTI, in Gy", ""),
    ("XVI_SUCC_005", "the dose is the sum of the plans of the course, as the rules ask", ""),
    ("XVI_SUCC_006", "the RELATIVE dose was scaled by the plan's prescription", ""),
    ("XVI_REV_001", "several different PLAN doses for one plan", ""),
    ("XVI_REV_002", "the BEAM doses are not those of all beams of the plan", ""),
    ("XVI_REV_003", "only the dose of a FRACTION", ""),
    ("XVI_REV_004", "RELATIVE dose, and no prescription to relate it to", ""),
    ("XVI_REV_005", "no dose of one plan: a sum of plans, or of another type", ""),
    ("XVI_REV_006", "the dose's planes are unevenly spaced: it is not written on its own grid", ""),
    ("XVI_REV_007", "the plan's dose cannot be used", ""),
    ("XVI_EXEC_001", "the dose could not be written as NIfTI", ""),
    ("XXIV_EXEC_003", "the largest dose is outside the bounds of the rules", "XXIV_EXEC_003"),
)
RETRIEVAL = (
    ("SUCC_001", "every file is there and whole"),
    ("EXEC_011", "instances were deleted after they were listed"),
    ("EXEC_012", "what arrived is truncated or not what was listed"),
    ("EXEC_013", "the archive was lost during retrieval; run again"),
    ("EXEC_014", "the archive refused the request"),
    ("EXEC_015", "could not be written to disk"),
    ("EXEC_016", "an error that nobody foresaw; its trace is in the notes"),
)
PDCP_OF_RETRIEVAL = {
    "XI_SUCC_001": "XI_SUCC_001, XXI_SUCC_001",
    "XI_EXEC_011": "XI_EXEC_002 (also spelled XI_EXEC_02)",
    "XI_EXEC_013": "XI_EXEC_002",
    "XI_EXEC_016": "XI_EXEC_002, XXI_EXEC_001",
    "XIII_SUCC_001": "XIII_SUCC_001",
    "XIII_EXEC_011": "XIII_EXEC_001",
    "XIII_EXEC_013": "XIII_EXEC_001",
    "XIII_EXEC_016": "XIII_EXEC_001",
    "XV_SUCC_001": "XV_SUCC_001",
    "XV_EXEC_011": "XV_EXEC_001",
    "XV_EXEC_013": "XV_EXEC_001",
    "XV_EXEC_016": "XV_EXEC_002",
    "XVI_SUCC_001": "XVI_SUCC_001 (XV_SUCC_001 in its pages), XXIII_SUCC_001, XXIV_SUCC_001",
    "XVI_EXEC_011": "XVI_EXEC_001, XXIV_EXEC_001, XXIV_EXEC_002",
    "XVI_EXEC_013": "XVI_EXEC_001",
    "XVI_EXEC_016": "XVI_EXEC_002, XXIII_EXEC_001",
}

NOT_EMITTED = (
    ("I_EXEC_001", "no summary file of the patient", "there is no such file: I_EXEC_002"),
    ("I_REV_001", "several studies", "I_SUCC_002, I_SUCC_003 or I_EXEC_007, by what comes of it"),
    (
        "II_EXEC_001",
        "no CT in the studies that are left",
        "I_EXEC_005, which names what is missing",
    ),
    ("XI_EXEC_001", "the slices cannot be sorted", "II_REV_010 or XII_REV_001, before retrieval"),
    ("XI_EXEC_002", "the CT could not be retrieved", "XI_EXEC_011 to 016, by the reason"),
    ("XIII_EXEC_001", "an RTSTRUCT could not be retrieved", "XIII_EXEC_011 to 016"),
    ("XV_EXEC_001", "an RTPLAN could not be retrieved", "XV_EXEC_011 to 014"),
    ("XV_EXEC_002", "an exception at an RTPLAN", "XV_EXEC_015 and 016"),
    ("XVI_EXEC_002", "an exception at an RTDOSE", "XVI_EXEC_015 and 016"),
    ("XXI_SUCC_001", "the CT was loaded", "nothing is loaded again: XII_SUCC_001"),
    ("XXI_EXEC_001", "the CT could not be loaded", "XII_EXEC_001"),
    ("XXII_SUCC_001", "the masks were loaded", "XIV_SUCC_001"),
    ("XXII_EXEC_001", "no masks in the folder", "XIV_EXEC_001"),
    ("XXII_REV_001", "no masks of an RTSTRUCT", "XIV_SUCC_002, or XIV_REV_003 for a wanted ROI"),
    ("XXII_REV_002", "a mask could not be loaded", "XIV_REV_002 to 004"),
    ("XXII_REV_003", "several masks of one name", "masks have unique names; `rois.json` maps them"),
    ("XXIII_SUCC_001", "the doses were loaded", "XVI_SUCC_004"),
    ("XXIII_EXEC_001", "the doses could not be loaded", "XVI_EXEC_001"),
    ("XXIV_SUCC_001", "a dose was selected", "XVI_SUCC_001 and what follows it"),
    ("XXIV_EXEC_001", "no dose in the list", "I_EXEC_005 or II_EXEC_002"),
    ("XXIV_EXEC_002", "no dose in the study", "I_EXEC_005 or II_EXEC_002"),
)
"""PDCP's codes that never come out here: code, its meaning, and what comes instead."""
