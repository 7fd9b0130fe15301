"""Compare the volumes of organs over the patients of a cohort."""

from pathlib import Path
from typing import Annotated

from prefect import flow, unmapped
from pydantic import Field

from tasks.label_maps import label_maps
from tasks.label_volumes import measure_file, publish_volumes, read_names
from tasks.progress import settle
from tasks.threads import threads

Percent = Annotated[float, Field(ge=0, le=100)]
Text = Annotated[str, Field(coerce_numbers_to_str=True)]  # 5 is as good as "5"
Score = Annotated[float, Field(gt=0)]


@flow(task_runner=threads(2))
def summarise_labels(  # noqa: PLR0913 - each is a field of the form
    source: str = "",
    *,
    dictionary: str = "",
    organs: tuple[Text, ...] = (),
    outlier_threshold: Score = 3.5,
    pattern: str = "*",
    output: str = "",
    max_failed_percent: Percent = 50,
) -> Path:
    """Measure every organ of every label map, and mark the volumes that are unlike the others.

    Writes to `<data root>/label-volumes/<name>/`: `volumes` (a row a label: millilitres, centre,
    bounding box), `findings` and `organs`, each as Parquet and CSV, `failures.csv`, a plot and a
    page to explore. A label map that has not changed is not measured again.

    An organ's volumes are compared by the modified z-score of their logarithms, from 8 patients on;
    organs that the image cuts off are marked and not compared with. Left and right sides that
    differ as nobody else's do, and organs that one patient lacks, are findings too.

    Args:
        source: A label map (`.nii`, `.nii.gz`, `.hdr` with `.img`), a folder of them, a cohort's
            name or manifest, or a table (`.csv`, `.tsv`, `.parquet`) with a column `labels`, `file`
            or `path`; relative paths count from the data root.
        dictionary: What ids mean: `vista3d`, `totalsegmentator`, or the path of a table (BIDS,
            ITK-SNAP, 3D Slicer). Empty for each file's own: a table beside it, names in its header,
            else those of VISTA-3D.
        organs: Labels to tell of, by id (`5`, `5-7`), name (`liver`), pattern (`rib_left_*`) or
            group (`all ribs`); several may stand in one line, with commas. Empty for all.
        outlier_threshold: The modified z-score beyond which a volume is an outlier.
        pattern: Of a folder only files whose names are like this, `*_seg.nii.gz` for instance.
        output: Another folder for the results, empty or of an earlier run; a relative path counts
            from the data root.
        max_failed_percent: The run fails when more than this share of label maps failed, or all of
            them. Cases of a cohort that have no label map do not count.
    """
    names = read_names(dictionary)
    with label_maps(source, pattern, output, below="label-volumes") as run:
        working = measure_file.map(run.files, unmapped(names), unmapped(run.folder))
        results = settle(working, f"measuring-{run.title}", "Label maps measured")
        return publish_volumes(results, run, organs, outlier_threshold, max_failed_percent)
