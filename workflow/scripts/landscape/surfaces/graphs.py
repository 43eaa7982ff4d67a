"""Packed rows on a GPU: one attention call a layer for all lengths, one CUDA graph for all rows.

With attention called once a length (`packing`), a row of many lengths is thousands of small
kernels, and the host that starts them is slower than the device. Here attention takes where
examples begin from a tensor on the device, all rows of a block are given one
shape, and their kernels are recorded once and started with one call a row.
"""

import numpy as np
import torch
from landscape.models import rows
from landscape.models.rows import first_tokens_of_all
from landscape.surfaces import batches, packing
from landscape.surfaces.packing import first_tokens_only

NAME = "packed_on_gpu"  # of `attend` among the attention functions of transformers
STEP = 128  # tokens: rows are a multiple of it, as fast matrix products like it
SEQUENCES = 64  # a row has room for a multiple of so many


def attention(query, key, value, starts_q, starts_k, most_q, most_k, scale):
    """Attention within sequences of one row, each from one of `starts` to the next.

    query, key, value: tokens × heads × width; starts: int32 on the device; most: tokens of the
    longest sequence, which may be overestimated, never underestimated.
    """
    # of jagged tensors; on short examples it is faster than flash attention, which has no float32
    return torch.ops.aten._efficient_attention_forward(
        query[None], key[None], value[None], None, starts_q, starts_k, most_q, most_k,
        0.0, 0, scale=scale,
    )[0][0]  # fmt: skip


def attend(module, query, key, value, mask, scaling=None, *, within, asked=None, **more):
    """Attention of each example of a row to itself; the attention function given to transformers.

    query, key, value: 1 × heads × tokens × width; within: (where sequences begin, tokens of the
    longest), and `asked` the same of the query where it has fewer. Returns
    (1 × tokens × heads × width, None).
    Raises TypeError for attention to a window that an example may be longer than.
    """
    (starts, longest), (starts_q, most_q) = within, asked or within
    rows.check_window(more, longest)
    q, k, v = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    return attention(q, k, v, starts_q, starts, most_q, longest, scaling)[None], None


class OneShape:
    """A way to run a model on rows of one shape, by a recorded graph or kernel by kernel.

    last: what stands for the forward of the last layer; record: whether to use graphs. What a
    row has left over is filled by sequences that nobody reads.
    """

    def __init__(self, last, record):
        self.last, self.record = last, record
        self.graphs, self.where, self.pool = {}, None, None

    def batches(self, model, examples, chosen, budget):
        """The examples `chosen` (short to long) as `Batch`es of one shape for this way."""
        lengths = examples.lengths[chosen]
        longest, (width, cuts) = int(lengths.max()), of_one_width(lengths, budget)
        made = batches.cut(examples, chosen, cuts, model.device, rows.first_position(model))
        starts = [starts_of(lengths[run], width, longest) for run in cuts]
        room = -(-max(map(len, starts)) // SEQUENCES) * SEQUENCES
        firsts = torch.arange(room + 1, dtype=torch.int32, device=model.device)
        for batch, begin in zip(made, starts):
            for name, row in batch.inputs.items():
                batch.inputs[name] = torch.nn.functional.pad(row, (0, width - row.shape[1]))
            begin = np.pad(begin, (0, room + 1 - len(begin)), mode="edge").astype(np.int32)
            begin = torch.from_numpy(begin).to(model.device)
            batch.packing = {
                "within": (begin, longest),
                "starts": begin[:-1].clamp(max=width - 1),
                "of_first": (firsts, 1),
            }
        return made

    def within(self, model):
        """Within, the model takes this way's batches."""
        return rows.taking_rows(model, NAME, self.last)

    def logits(self, model, batch, frozen):
        """As `packing.logits`."""
        if not self.record:
            return packing.logits(model, batch, frozen)
        where = [parameter.data_ptr() for parameter in model.parameters()]
        if where != self.where:  # a graph would go on with what lies where the parameters were
            self.graphs, self.where = {}, where
            self.pool = torch.cuda.graph_pool_handle()
        begin, longest = batch.packing["within"]
        shape = *batch.inputs["input_ids"].shape, len(begin), longest, batch.known is None
        if shape not in self.graphs:
            self.graphs[shape] = Graph(model, batch, frozen, self.pool)
        return self.graphs[shape](batch)


class Graph:
    """The kernels of one pass over a row of one shape; called, they run over another such row."""

    # what a graph is recorded from must not be tensors of an inference mode
    @torch.inference_mode(False)
    @torch.no_grad()
    def __init__(self, model, batch, frozen, pool):
        (begin, longest), (firsts, most) = batch.packing["within"], batch.packing["of_first"]
        inputs = {name: row.clone() for name, row in batch.inputs.items()}
        starts = {"within": (begin.clone(), longest), "starts": batch.packing["starts"].clone()}
        starts["of_first"] = firsts.clone(), most
        known = batch.known
        if known is not None:
            known = torch.empty(known.shape, dtype=known.dtype, device=begin.device).copy_(known)
        labels = torch.empty(len(begin) - 1, device=begin.device)  # as many as there is room for
        self.row = batches.Batch(inputs, labels, None, starts, known)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # what happens at a first call only must not be recorded
            for _ in range(2):
                packing.logits(model, self.row, frozen)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, pool=pool):
            self.logits = packing.logits(model, self.row, frozen)

    def __call__(self, batch):
        for to, given in zip(tensors(self.row), tensors(batch), strict=True):
            to.copy_(given, non_blocking=True)
        self.graph.replay()
        return self.logits[: len(batch.labels)].clone()  # the next call writes there


def tensors(batch):
    """What differs from row to row of one shape."""
    known = [] if batch.known is None else [batch.known]
    return [*batch.inputs.values(), batch.packing["within"][0], batch.packing["starts"], *known]


def of_one_width(lengths, budget):
    """(tokens, slices) of as few rows as a budget of tokens allows, all alike and as full.

    lengths: from short to long.
    """
    total = int(lengths.sum())
    number = -(-total // budget)
    width = max(-(-total // number), int(lengths.max()))
    width = -(-width // STEP) * STEP
    while len(cuts := list(batches.filled(lengths, width, padded=False))) > number:
        if width >= budget:
            break
        width += STEP
    return width, cuts


def starts_of(lengths, width, longest):
    """Where sequences of a row begin, and its end; what is left over is cut into some, too."""
    left = width - int(lengths.sum())
    fillers = [longest] * (left // longest) + [left % longest] * (left % longest > 0)
    return np.cumsum([0, *lengths, *fillers])


def ways(model):
    """The ways of `OneShape`, the quickest first; none where the device or the model has none."""
    if model.device.type != "cuda" or not served(model):
        return []
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    lasts = first_tokens_only, first_tokens_of_all
    return [OneShape(last, record) for last in lasts for record in (True, False)]


def served(model):
    """Whether this GPU has attention for rows, in bfloat16 too, with heads of this width."""
    config = model.config
    if not (heads := getattr(config, "num_attention_heads", None)):
        return False
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    return torch.cuda.get_device_capability() >= (8, 0) and width % 8 == 0
