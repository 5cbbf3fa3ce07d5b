"""What is known of objects, in blocks of ids."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cytoloop.workflows.objects.idblocks import IdBlocks

BLOCK = 1 << 14


def table(*ids: int, value: float = 1.0) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64()), "value": pa.array([value] * len(ids), pa.float32())})


def known(blocks: IdBlocks, *ids: int) -> dict[int, float]:
    found = blocks.rows_of(np.array(ids, np.int64))
    return {} if found is None else dict(zip(found["id"].to_pylist(), found["value"].to_pylist(), strict=True))


@pytest.fixture
def blocks(tmp_path: Path) -> IdBlocks:
    return IdBlocks(tmp_path / "of" / "a layer")


def test_nothing_is_known_at_first(blocks: IdBlocks) -> None:
    assert known(blocks, 1, 2, BLOCK) == {}
    assert known(blocks) == {}
    assert list(blocks.tables()) == []
    blocks.keep(table())
    assert not blocks.folder.exists()


def test_rows_are_added_and_replaced_by_id(blocks: IdBlocks) -> None:
    blocks.keep(table(1, 2, BLOCK - 1, BLOCK, 7 * BLOCK))
    blocks.keep(table(2, BLOCK, BLOCK + 1, value=2))

    assert known(blocks, 1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1) == {
        1: 1, 2: 2, BLOCK - 1: 1, BLOCK: 2, BLOCK + 1: 2,
    }  # fmt: skip
    assert [sorted(one["id"].to_pylist()) for one in blocks.tables()] == [
        [1, 2, BLOCK - 1], [BLOCK, BLOCK + 1], [7 * BLOCK],
    ]  # fmt: skip


def test_only_the_block_of_what_is_new_is_written(blocks: IdBlocks) -> None:
    blocks.keep(table(1, BLOCK))
    first, second = sorted(blocks.folder.iterdir())
    before = first.stat().st_mtime_ns, first.stat().st_ino
    blocks.keep(table(BLOCK + 5))
    assert (first.stat().st_mtime_ns, first.stat().st_ino) == before
    assert sorted(blocks.folder.iterdir()) == [first, second]


def test_what_is_being_read_stays_as_it_was(blocks: IdBlocks) -> None:
    blocks.keep(table(1, 2))
    (mapped,) = blocks.tables()
    blocks.keep(table(1, 2, 3, value=5))
    assert mapped["value"].to_pylist() == [1, 1]


def test_a_damaged_block_is_one_that_is_not_there(blocks: IdBlocks) -> None:
    blocks.keep(table(1, BLOCK))
    first = min(blocks.folder.iterdir())
    first.write_bytes(first.read_bytes()[:100])
    assert known(blocks, 1, BLOCK) == {BLOCK: 1}
    blocks.keep(table(1, value=3))
    assert known(blocks, 1, BLOCK) == {1: 3, BLOCK: 1}
    first.write_bytes(b"")
    assert known(blocks, 1) == {}


def test_numbers_of_another_kind_replace_the_block(blocks: IdBlocks) -> None:
    blocks.keep(table(1, 2))
    blocks.keep(pa.table({"id": pa.array([2]), "value": pa.array([4.0], pa.float64())}))
    assert known(blocks, 1, 2) == {2: 4.0}
