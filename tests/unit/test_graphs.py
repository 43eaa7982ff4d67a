"""Rows of one shape, as GPUs take them: their arithmetic on a CPU, their devices on none."""

import helpers
import numpy as np
import pytest
import torch
from landscape.data.examples import Examples
from landscape.models import classifiers, rows
from landscape.surfaces import graphs, packing, plane
from landscape.surfaces.evaluation import Evaluator
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.functional import scaled_dot_product_attention

KINDS = {
    "bert": {},
    "distilbert": {"types": False},  # not BERT's layers
    "roberta": {"pad_id": 1, "types": False},  # its positions start after the padding's id
}
NOWHERE = "meta"  # a device that no tensor of a CPU may meet
LENGTHS = [3, 40, 7, 7, 12, 25, 31, 4, 18, 9, 9, 22]


def by_sequence(query, key, value, starts_q, starts_k, most_q, most_k, scale):
    """What the GPU's attention must give; what belongs to no sequence is left as memory was."""
    out = torch.full_like(query, float("nan"))
    for q, k in zip(starts_q.unfold(0, 2, 1).tolist(), starts_k.unfold(0, 2, 1).tolist()):
        (q, q_end), (k, k_end) = q, k
        assert q_end - q <= most_q and k_end - k <= most_k  # the rest would silently be cut off
        if q_end > q and k_end > k:
            one = query[q:q_end], key[k:k_end], value[k:k_end]
            one = (tensor.transpose(0, 1) for tensor in one)
            out[q:q_end] = scaled_dot_product_attention(*one, scale=scale).transpose(0, 1)
    return out


@pytest.fixture
def on_a_cpu(monkeypatch):
    """The ways of GPUs, kernel by kernel, with attention that a CPU has."""
    from transformers import AttentionInterface

    AttentionInterface.register(graphs.NAME, graphs.attend)
    monkeypatch.setattr(graphs, "attention", by_sequence)
    lasts = packing.first_tokens_only, rows.first_tokens_of_all
    ways = [graphs.OneShape(last, record=False) for last in lasts]
    monkeypatch.setattr(graphs, "ways", lambda model: ways)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frozen", [0, 1])
def test_rows_of_one_shape_give_what_the_plain_pass_gives(tmp_path, on_a_cpu, kind, frozen):
    path = helpers.write_split(tmp_path / "s.parquet", LENGTHS, **KINDS[kind])
    model = helpers.classifier(kind)
    for budget in (48, 128, 4096):
        evaluate = Evaluator(model, {"dev": Examples(path)}, budget, frozen=frozen, keep=1.0)
        assert isinstance(evaluate.way, graphs.OneShape)
        logits, label = helpers.padded_logits(model, path)
        score = evaluate("dev")
        expected = torch.nn.functional.cross_entropy(logits, label).item()
        assert score["loss"] == pytest.approx(expected, abs=1e-5)
        assert score["n"] == len(LENGTHS)


@pytest.mark.parametrize("budget", [64, 100, 512, 1 << 20])
def test_all_rows_have_one_shape_and_hold_each_example_once(budget):
    lengths = np.sort(np.random.default_rng(0).integers(2, 90, 500))
    width, cuts = graphs.of_one_width(lengths, budget)
    assert np.concatenate([np.arange(500)[cut] for cut in cuts]).tolist() == list(range(500))
    assert width % graphs.STEP == 0 and all(lengths[cut].sum() <= width for cut in cuts)
    for cut in cuts:
        starts = graphs.starts_of(lengths[cut], width, 89)
        assert starts[-1] == width and np.diff(starts).max() <= 89
    if budget == 512:
        assert width * len(cuts) < 1.15 * lengths.sum()


def large(dtype):
    from transformers import BertConfig, BertForSequenceClassification

    sizes = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16}
    config = BertConfig(intermediate_size=4096, **sizes)
    return BertForSequenceClassification._from_config(config, dtype=dtype).eval()


def on_no_gpu(batch):
    """The same batch on a GPU that is not there, within a mode of fake tensors."""

    def there(value):
        if isinstance(value, tuple):
            return tuple(map(there, value))
        if not isinstance(value, torch.Tensor):
            return value
        return torch.empty(value.shape, dtype=value.dtype, device=NOWHERE)

    batch.inputs = {name: there(value) for name, value in batch.inputs.items()}
    batch.packing = {name: there(value) for name, value in batch.packing.items()}
    batch.labels = there(batch.labels)
    return batch


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_at_the_size_of_bert_large_all_stays_on_the_device(tmp_path, dtype):
    """Tensors without memory: an operation on two devices raises."""
    from transformers import AttentionInterface

    path = helpers.write_split(tmp_path / "s.parquet", LENGTHS, classes=2)
    AttentionInterface.register(graphs.NAME, graphs.attend)
    way = graphs.OneShape(packing.first_tokens_only, record=False)
    examples = Examples(path)
    made = way.batches(helpers.classifier(), examples, examples.by_length(), 128)
    with FakeTensorMode(), torch.no_grad():
        with torch.device(NOWHERE):
            model = large(dtype)
            through = plane.Plane.__new__(plane.Plane)  # its files would be real
            through.moving = list(plane.encoder_of(model).values())
            through.line = [[torch.empty(p.shape) for p in through.moving] for _ in range(2)]
        through.axes, through.start_at, through.scale = [None, through.line[0]], 0.0, 1.0
        through._place_in_pieces(0.3, -0.2)
        assert all(p.dtype == dtype and p.device.type == NOWHERE for p in model.parameters())
        frozen, given = classifiers.layers(model)[:8], []
        with way.within(model):
            for batch in map(on_no_gpu, made):
                hook = frozen[-1].register_forward_hook(lambda *call: given.append(call[-1]))
                logits = way.logits(model, batch, ())
                hook.remove()
                batch.known = given.pop()
                for out in (logits, way.logits(model, batch, frozen)):
                    assert out.device.type == NOWHERE and out.dtype == torch.float32
                    assert out.shape == (len(batch.labels), 2)
