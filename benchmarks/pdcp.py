"""Extracts everyone as PDCP does, from the server to DICOM files and NIfTI.

This is the method of PDCP (AustralianCancerDataNetwork/PDCP), written anew: the simplified tags of
every instance and every file in a request with a client and a connection of its own, 30 at a time,
compressed where the server likes to; all slices of a patient parsed and held, sorted by
SliceLocation, numbered, and encoded again; volumes written by SimpleITK, which compresses with
zlib; outlines filled contour by contour on a whole slice, after their corners were rounded to
pixels.

It does less than the original: there are no data frames, no linking, no RTPLAN either, and no
second reading for the sum of doses. Polygons are filled by Pillow, in C, which favours this way:
the original uses scikit-image, whose time goes with pixels times corners.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom import Dataset, dcmread

from benchmarks.peers import Asking, NewClients, all_series
from benchmarks.servers import Reachable

Volume = Any
itk: Any = SimpleITK  # which has no types

_THREADS = 30


def extract_as_pdcp(server: Reachable, folder: Path) -> None:
    """Extract every study that has CT, RTSTRUCT and RTDOSE to a folder of its own."""
    with closing(NewClients(server)) as ask, ThreadPoolExecutor(_THREADS) as pool:
        peer = _Peer(ask, pool)
        for number, study in enumerate(peer.studies()):
            peer.extract(study, folder / str(number))


def fetch_as_pdcp(server: Reachable, folder: Path) -> None:
    """Bring the files of every study to disk, RTPLAN too, and make nothing of them."""
    with closing(NewClients(server)) as ask, ThreadPoolExecutor(_THREADS) as pool:
        peer = _Peer(ask, pool)
        for number, study in enumerate(peer.listed()):
            peer.fetch(study, folder / str(number))


@dataclass(frozen=True, slots=True)
class _Peer:
    """The steps of a study."""

    ask: Asking
    pool: ThreadPoolExecutor

    def studies(self) -> list[dict[str, str]]:
        """Summarise every instance, and return the series of each study by modality."""
        ids = [id_ for row in all_series(self._all_json) for id_ in row["Instances"]]
        self._all_json(f"/instances/{id_}/simplified-tags" for id_ in ids)
        return self.listed()

    def listed(self) -> list[dict[str, str]]:
        """Return the series of each study by modality."""
        studies: dict[str, dict[str, str]] = defaultdict(dict)
        for row in all_series(self._all_json):
            studies[row["ParentStudy"]][row["MainDicomTags"]["Modality"]] = row["ID"]
        return list(studies.values())

    def extract(self, study: dict[str, str], folder: Path) -> None:
        """Write DICOM files and NIfTI."""
        (folder / "CT").mkdir(parents=True)
        names = self._write_slices(study["CT"], folder / "CT")
        image = _read_series(names)
        _write(image, folder / "CT.nii.gz")
        (structures,) = self._parsed(study["RTSTRUCT"])
        structures.save_as(folder / "RTSTRUCT.dcm")
        _write_masks(structures, image, folder)
        (dose,) = self._parsed(study["RTDOSE"])
        dose.save_as(folder / "RTDOSE.dcm")
        _write_dose(folder / "RTDOSE.dcm", float(dose.DoseGridScaling), folder)

    def fetch(self, study: dict[str, str], folder: Path) -> None:
        """Write DICOM files."""
        (folder / "CT").mkdir(parents=True)
        self._write_slices(study["CT"], folder / "CT")
        for modality in study.keys() - {"CT"}:
            for item in self._parsed(study[modality]):
                item.save_as(folder / f"{modality}.dcm")

    def _write_slices(self, series: str, folder: Path) -> list[str]:
        """Fetch, parse and hold all slices; sort, number and encode them."""
        slices = sorted(self._parsed(series), key=_location)
        by_location = {_location(image): image for image in slices}
        names = []
        for number, image in enumerate(by_location.values(), 1):
            image.InstanceNumber = number
            image.save_as(folder / f"{number:04}.dcm")
            names.append(str(folder / f"{number:04}.dcm"))
        return names

    def _parsed(self, series: str) -> list[Dataset]:
        (row,) = self._all_json([f"/series/{series}"])
        if len(row["Instances"]) > 1:
            (ordered,) = self._all_json([f"/series/{series}/ordered-slices"])
            paths = ordered["Dicom"]
        else:
            paths = [f"/instances/{row['Instances'][0]}/file"]
        return list(self.pool.map(lambda path: dcmread(BytesIO(self.ask(path))), paths))

    def _all_json(self, paths: Iterable[str]) -> list[Any]:
        return [json.loads(body) for body in self.pool.map(self.ask, paths)]


def _location(image: Dataset) -> float:
    return float(image.SliceLocation)


def _read_series(names: list[str]) -> Volume:
    reader = itk.ImageSeriesReader()
    reader.SetFileNames(names)
    return reader.Execute()


def _write(image: Volume, target: Path) -> None:
    itk.WriteImage(image, str(target), useCompression=True)


def _write_masks(structures: Dataset, image: Volume, folder: Path) -> None:
    """Write a mask for each ROI, paired by their order in the file, as the original does."""
    names = [row.ROIName for row in structures.StructureSetROISequence]
    for name, roi in zip(names, structures.ROIContourSequence, strict=True):
        mask = itk.GetImageFromArray(_filled(roi, image))
        mask.CopyInformation(image)
        _write(mask, folder / f"{name}.nii.gz")


def _filled(roi: Dataset, image: Volume) -> NDArray[np.uint8]:
    """Fill the contours, shape (slices, rows, columns); where two overlap, both count."""
    columns, rows, slices = image.GetSize()
    mask = np.zeros((slices, rows, columns), dtype=np.uint8)
    for contour in roi.ContourSequence:
        points_mm = np.array(contour.ContourData, dtype=np.float64).reshape(-1, 3)
        corners = [image.TransformPhysicalPointToIndex(point.tolist()) for point in points_mm]
        drawn = Image.new("1", (columns, rows))
        ImageDraw.Draw(drawn).polygon([corner[:2] for corner in corners], fill=1)
        mask[corners[0][2]] |= np.asarray(drawn).astype(np.uint8)
    return mask


def _write_dose(path: Path, scaling: float, folder: Path) -> None:
    stored = itk.ReadImage(str(path))
    _write(itk.Cast(stored, itk.sitkFloat32) * scaling, folder / "DOSE.nii.gz")
