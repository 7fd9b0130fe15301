import json

import pytest

from imaging.dicom import Changes


@pytest.mark.parametrize("ids", [None, frozenset(), frozenset({"b", "a"})])
def test_changes_come_back_from_json_as_they_went(ids):
    changes = Changes(ids)

    assert Changes.from_json(json.loads(json.dumps(changes.to_json()))) == changes


@pytest.mark.parametrize(
    ("ids", "asked", "touched"),
    [
        (None, [], True),
        (frozenset(), ["a"], False),
        (frozenset({"a", "b"}), ["c", "b"], True),
        (frozenset({"a", "b"}), ["c"], False),
    ],
)
def test_what_cannot_be_told_counts_as_touched(ids, asked, touched):
    assert Changes(ids).any_of(asked) is touched
