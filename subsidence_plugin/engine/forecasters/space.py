"""Where the nodes of a batch lie: a grid of cells, or a graph; readout to blocks and back.

Features have the shape (batch, tokens, channels, nodes). The paper's readout (R, Equation 3) pools
a whole map to one vector; here it pools blocks, so that what happens in time stays where it
happens; ``blocks=None`` is the paper's.
"""

from __future__ import annotations

from typing import Any, Optional

from ..needs import need


class GridSpace:
    """Nodes are the cells of a grid, row by row.

    Parameters
    ----------
    mask : tensor (batch, nodes)
        1 where a cell is valid.
    shape : (rows, columns)
    block : int, optional
        Side of the readout blocks in cells; None pools the whole grid.
    """

    def __init__(self, mask: Any, shape: tuple[int, int], block: Optional[int] = None) -> None:
        self.mask, self.shape, self.block = mask, shape, block
        self.functional = need("torch.nn.functional", "to use networks")

    def as_maps(self, x: Any) -> Any:
        """Return (batch × tokens, channels, rows, columns)."""
        return x.reshape(-1, x.shape[2], *self.shape)

    def pool(self, x: Any) -> Any:
        """Return the means of the valid cells of each block, (batch, tokens, channels, blocks)."""
        if self.block is None:
            return _whole(x, self.mask)
        f, batch = self.functional, x.shape[0]
        filled = f.avg_pool2d(
            self.mask.reshape(batch, 1, *self.shape), self.block, ceil_mode=True
        ).reshape(batch, 1, 1, -1)
        means = f.avg_pool2d(self.as_maps(x), self.block, ceil_mode=True)
        return means.reshape(*x.shape[:3], -1) / (filled + 1e-3)

    def spread(self, context: Any) -> Any:
        """Return block values (batch, channels, blocks) at the cells, bilinear between blocks."""
        if self.block is None:
            return context.expand(-1, -1, self.mask.shape[1])
        rows, columns = (-(-side // self.block) for side in self.shape)
        maps = context.reshape(*context.shape[:2], rows, columns)
        maps = self.functional.interpolate(maps, scale_factor=self.block, mode="bilinear")
        maps = maps[:, :, : self.shape[0], : self.shape[1]]
        return maps.reshape(*context.shape[:2], -1)


class GraphSpace:
    """Nodes are joined by edges.

    Parameters
    ----------
    mask : tensor (batch, nodes)
        0 for nodes that only fill up the batch.
    neighbours, weights : tensors (batch, nodes, k)
        Of each node, itself included; weights of the normalised adjacency (Kipf and Welling
        2017), 0 for an absent neighbour.
    blocks : tensor (batch, nodes), optional
        The readout block of each node, from 0; None pools all nodes.
    """

    def __init__(self, mask: Any, neighbours: Any, weights: Any, blocks: Any = None) -> None:
        torch = need("torch", "to use networks")
        self.mask, self.weights = mask, weights
        batch, nodes = mask.shape
        first = torch.arange(batch, device=mask.device) * nodes
        self.flat = (neighbours + first[:, None, None]).reshape(batch * nodes, -1)
        self.blocks = blocks
        self.count = None if blocks is None else int(blocks.max()) + 1

    def aggregate(self, x: Any) -> Any:
        """Return the weighted sum over each node and its neighbours, in the shape of ``x``."""
        functional = need("torch.nn.functional", "to use networks")
        batch, tokens, channels, nodes = x.shape
        rows = x.permute(0, 3, 1, 2).reshape(batch * nodes, tokens * channels)
        weights = self.weights.reshape(batch * nodes, -1)
        summed = functional.embedding_bag(
            self.flat, rows, mode="sum", per_sample_weights=weights.to(rows.dtype)
        )
        return summed.reshape(batch, nodes, tokens, channels).permute(0, 2, 3, 1)

    def pool(self, x: Any) -> Any:
        """Return the means of the valid nodes of each block, (batch, tokens, channels, blocks)."""
        if self.blocks is None:
            return _whole(x, self.mask)
        batch, tokens, channels, _nodes = x.shape
        index = self.blocks[:, None, None, :].expand_as(x)
        sums = x.new_zeros(batch, tokens, channels, self.count).scatter_add(3, index, x)
        filled = self.mask.new_zeros(batch, self.count).scatter_add(1, self.blocks, self.mask)
        return sums / filled.clamp(min=1)[:, None, None, :]

    def spread(self, context: Any) -> Any:
        """Return the value of each node's block, (batch, channels, nodes)."""
        if self.blocks is None:
            return context.expand(-1, -1, self.mask.shape[1])
        index = self.blocks[:, None, :].expand(-1, context.shape[1], -1)
        return context.gather(2, index)


def _whole(x: Any, mask: Any) -> Any:
    """Return the mean of the valid nodes, (batch, tokens, channels, 1)."""
    count = mask.sum(1).clamp(min=1)[:, None, None, None]
    return (x * mask[:, None, None, :]).sum(3, keepdim=True) / count
