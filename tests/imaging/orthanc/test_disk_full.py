import errno
from pathlib import Path

import pytest

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("by_stream", [True, False])
def test_a_full_disk_is_the_systems_error_and_leaves_no_half_file(fake, faked, tmp_path, by_stream):
    faked._has_dicomweb = by_stream
    (tmp_path / f"{fake.uids[2]}.dcm.part").symlink_to(FULL)

    with pytest.raises(OSError, match="No space left") as caught:
        faked.fetch(fake.series, tmp_path)

    assert caught.value.errno == errno.ENOSPC
    names = {path.name for path in tmp_path.iterdir()}
    assert names < {f"{uid}.dcm" for uid in fake.uids}
    assert f"{fake.uids[2]}.dcm" not in names
