"""Memory of tiles is used again."""

import numpy as np
from land_subsidence.subsidence_plugin.engine.prediction.buffers import Buffers


def test_what_was_given_back_is_taken_again_also_for_smaller_tiles():
    buffers = Buffers()
    first = buffers.take(100)
    other = buffers.take(100)
    assert not np.shares_memory(first, other) and first.dtype == np.float32
    buffers.give_back(first.reshape(4, 25))
    small = buffers.take(30)
    assert len(small) == 30 and np.shares_memory(small, first)
    buffers.give_back(small)
    assert len(buffers.take(100)) == 100


def test_a_larger_tile_gets_larger_memory():
    buffers = Buffers()
    buffers.give_back(buffers.take(10))
    assert len(buffers.take(50)) == 50
