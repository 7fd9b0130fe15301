import errno

import pytest


@pytest.mark.parametrize("by_stream", [True, False])
def test_a_full_disk_is_the_systems_error_and_leaves_no_half_file(
    fake, faked, full_disk, tmp_path, by_stream
):
    faked._has_dicomweb = by_stream
    (tmp_path / f"{fake.uids[2]}.dcm.part").symlink_to(full_disk)

    with pytest.raises(OSError, match="No space left") as caught:
        faked.fetch(fake.series, tmp_path)

    assert caught.value.errno == errno.ENOSPC
    names = {path.name for path in tmp_path.iterdir()}
    assert names < {f"{uid}.dcm" for uid in fake.uids}
    assert f"{fake.uids[2]}.dcm" not in names
