"""Keep some labels of label maps: of one file, a folder, or a cohort."""

from pathlib import Path
from typing import Annotated, Literal

from prefect import flow, unmapped
from pydantic import Field

from tasks.label_maps import label_maps
from tasks.labels import filter_file, publish_filtered, read_request
from tasks.progress import settle
from tasks.threads import threads

Percent = Annotated[float, Field(ge=0, le=100)]
Text = Annotated[str, Field(coerce_numbers_to_str=True)]  # 5 is as good as "5"
Level = Annotated[int, Field(ge=0, le=3)]


@flow(task_runner=threads(2))
def filter_labels(  # noqa: PLR0913 - each is a field of the form
    source: str = "",
    keep: tuple[Text, ...] = (),
    *,
    remap: dict[Text, Text] | None = None,
    dictionary: str = "",
    missing: Literal["refuse", "ignore"] = "refuse",
    pattern: str = "*",
    output: str = "",
    compress_level: Level = 1,
    pictures: bool = True,
    max_failed_percent: Percent = 50,
) -> Path:
    """Keep the labels you name in NIfTI label maps; all others become background.

    Writes to `<data root>/filtered-labels/<name>/` the label maps under their own names, every id,
    header and extension exact; beside each a `.tsv` of its labels, a picture, and a record. Tables
    of all labels kept (`kept.parquet`, `kept.csv`) and of all files (`files.csv`) lie on top. A
    label map that has not changed since an equal run is not filtered again.

    Args:
        source: A label map (`.nii`, `.nii.gz`, `.hdr` with `.img`), a folder of them, a cohort's
            name or manifest, or a table (`.csv`, `.tsv`, `.parquet`) with a column `labels`, `file`
            or `path`; relative paths count from the data root.
        keep: Labels by id (`5`, `5-7`), name (`liver`), pattern (`rib_left_*`) or group (`all
            ribs`); several may stand in one line, with commas between them.
        remap: New ids, or names of labels, for labels that are kept: `{"all ribs": "200"}` makes
            one label of them. With an id that is kept, too, they become one label.
        dictionary: What names mean: `vista3d`, `totalsegmentator`, or the path of a table (BIDS,
            ITK-SNAP, 3D Slicer). Empty for each file's own: a table beside it, names in its header,
            else those of VISTA-3D.
        missing: A file that has not one voxel of something in `keep` is refused, with the list of
            what it holds; or that is ignored, and the rest is kept.
        pattern: Of a folder only files whose names are like this, `*_seg.nii.gz` for instance.
        output: Another folder for the outputs, empty or of an earlier run; a relative path counts
            from the data root.
        compress_level: 0 to 3; higher levels take longer and give smaller files.
        pictures: Draw three planes of each in colours, with a legend.
        max_failed_percent: The run fails when more than this share of label maps failed, or all of
            them. Cases of a cohort that have no label map do not count.
    """
    request = read_request(
        keep=keep,
        remap=remap or {},
        dictionary=dictionary,
        missing=missing,
        compress_level=compress_level,
        has_pictures=pictures,
    )
    with label_maps(source, pattern, output, below="filtered-labels") as run:
        working = filter_file.map(run.files, unmapped(request), unmapped(run.folder))
        results = settle(working, f"filtering-{run.title}", "Label maps filtered")
        return publish_filtered(results, run, max_failed_percent)
