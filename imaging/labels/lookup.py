"""Which voxels stay: by a table for values of one or two bytes, run by run for wider ones.

Most of a label map is background, so most 8-byte words are passed over by one comparison.
"""

from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError, NiftiError
from imaging.labels.coding import Coding
from imaging.labels.source import WORD

MOST_LABELS = 65_536  # of a file; what holds more is a picture or noise, and no segmentation
_MOST_ID = 2**63 - 1


class Selection:
    """Which labels stay in a file, and what they are written as.

    Raises:
        InputError: ``remap`` speaks of background or of what does not stay, or a new id does not
            fit the file.
        NiftiError: The file cannot hold label 0, which all others would become.
    """

    def __init__(self, coding: Coding, keep: Collection[int], remap: Mapping[int, int]) -> None:
        if strange := sorted(set(remap) - set(keep)):
            msg = f"Only labels that are kept can be renamed, not {strange}"
            raise InputError(msg)
        if 0 in remap or 0 in remap.values():
            msg = "Label 0 is the background: nothing can be renamed to it or from it"
            raise InputError(msg)
        if coding.background is None:
            msg = "The header's scaling leaves no way to write label 0"
            raise NiftiError(msg)
        self.background = coding.background
        possible = {label for label in {*keep, 0} if abs(label) <= _MOST_ID}
        self._keep = np.array(sorted(possible), dtype=np.int64)
        changed = {old: new for old, new in remap.items() if old != new and old in possible}
        self._patterns = {old: coding.pattern_of(new) for old, new in changed.items()}

    def outgoing(
        self, patterns: NDArray[np.unsignedinteger], ids: NDArray[np.int64]
    ) -> NDArray[np.unsignedinteger]:
        """Return what each pattern, whose label is given beside it, is written as."""
        background = patterns.dtype.type(self.background)
        out = np.where(np.isin(ids, self._keep), patterns, background)
        for old, pattern in self._patterns.items():
            out[ids == old] = pattern
        return out


class ByTable:
    """Filters values of one or two bytes, and counts what stays."""

    def __init__(self, coding: Coding, selection: Selection) -> None:
        self._coding = coding
        self._dtype = coding.patterns
        every = np.arange(256**self._dtype.itemsize, dtype=self._dtype)
        ids, is_id = coding.ids_of(every)
        background = self._dtype.type(selection.background)
        self._table = np.where(is_id, selection.outgoing(every, ids), background)
        self._bytes = self._table.tobytes()
        still = np.full(WORD // self._dtype.itemsize, background)
        self._still = still.view(np.uint64)[0]
        self._out = np.empty(0, dtype=self._dtype)
        self._is_there = np.zeros(every.size, dtype=np.bool_)
        self._voxels = np.zeros(every.size)
        self._known = b""  # the patterns of one byte that are there

    def apply(self, piece: memoryview) -> memoryview:
        """Return the filtered bytes, which are overwritten by the next call."""
        patterns = np.frombuffer(piece, self._dtype)
        if self._out.size < patterns.size:
            self._out = np.empty(patterns.size, dtype=self._dtype)
        out = self._out[: patterns.size]
        whole = len(piece) // WORD * WORD // self._dtype.itemsize
        self._apply_to_words(patterns[:whole].view(np.uint64), out[:whole].view(np.uint64))
        rest = patterns[whole:]
        out[whole:] = self._table[rest]
        self._is_there[rest] = True
        np.add.at(self._voxels, rest, 1)
        return out.view(np.uint8).data

    def _apply_to_words(self, words: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
        """Look up the words that are not background, and of equal neighbours only the first.

        A word is eight or four voxels of a row; those within an organ are all alike.
        """
        out.fill(self._still)
        places = np.flatnonzero(words != self._still)
        if not places.size:
            return
        seen = words[places]
        starts = np.append(0, np.flatnonzero(seen[1:] != seen[:-1]) + 1)
        before = seen[starts]
        after = self._looked_up(before)
        lengths = np.diff(starts, append=seen.size)
        stays = after != self._still
        out[places[np.repeat(stays, lengths)]] = np.repeat(after[stays], lengths[stays])
        counted = np.repeat(lengths[stays], WORD // self._dtype.itemsize)
        kept = before[stays].view(self._dtype)
        self._voxels += np.bincount(kept, counted, self._voxels.size)

    def counted(self) -> dict[int, int]:
        """Return all labels that were there, with the voxels of those that stay.

        Raises:
            NiftiError: A value was no label.
        """
        there = np.flatnonzero(self._is_there).astype(self._dtype)
        voxels: Counter[int] = Counter()  # two patterns of a scaled file can be one label
        for label, count in zip(self._coding.labels_of(there), self._voxels[there], strict=True):
            voxels[int(label)] += int(count)
        return voxels

    def _looked_up(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return what words become, and note which patterns are there."""
        if self._dtype.itemsize > 1:
            patterns = words.view(self._dtype)
            self._is_there[patterns] = True
            return self._table[patterns].view(np.uint64)
        content = words.tobytes()  # of bytes, these two calls are quicker than any indexing
        if fresh := content.translate(None, self._known):
            self._is_there[np.frombuffer(fresh, np.uint8)] = True
            self._known = np.flatnonzero(self._is_there).astype(np.uint8).tobytes()
        return np.frombuffer(content.translate(self._bytes), np.uint64)


class ByRuns:
    """Filters values of four or eight bytes, of which a table would not fit."""

    def __init__(self, coding: Coding, selection: Selection) -> None:
        self._coding = coding
        self._selection = selection
        self._voxels: Counter[int] = Counter()

    def apply(self, piece: memoryview) -> memoryview:
        """Return the filtered bytes.

        Raises:
            NiftiError: A value is no label, or there are too many.
        """
        patterns = np.frombuffer(piece, self._coding.patterns)
        starts = np.flatnonzero(patterns[1:] != patterns[:-1]) + 1
        starts = np.concatenate([np.zeros(1, dtype=starts.dtype), starts])
        lengths = np.diff(starts, append=patterns.size)
        values, which = np.unique(patterns[starts], return_inverse=True)
        ids = self._coding.labels_of(values)
        voxels = np.bincount(which, lengths).astype(np.int64)
        for label, count in zip(ids.tolist(), voxels.tolist(), strict=True):
            self._voxels[label] += count
        if len(self._voxels) > MOST_LABELS:
            msg = f"The file holds more than {MOST_LABELS} labels"
            raise NiftiError(msg)
        out = self._selection.outgoing(values, ids)
        return np.repeat(out[which], lengths).view(np.uint8).data

    def counted(self) -> dict[int, int]:
        """Return all labels that were there, with their voxels."""
        return self._voxels


def filter_for(coding: Coding, selection: Selection) -> ByTable | ByRuns:
    """Choose the way by the width of a voxel."""
    return (ByTable if coding.patterns.itemsize <= 2 else ByRuns)(coding, selection)
