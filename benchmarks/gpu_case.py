"""What the GPU benchmark measures: sizes of models, a plane of one, and all ways to evaluate it."""

import case

LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
TINY = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 1200,
}
BUDGET = 16384  # tokens a row


def subject(made, device):
    """(model, plane) of a case."""
    from landscape.models import classifiers
    from landscape.surfaces.plane import Plane
    from landscape.words import OWN, PARTNER

    model = classifiers.load_final(made.start_folder, made.end, case.CLASSES, device)
    return model, Plane(model, made.start, made.end, [(OWN, None), (PARTNER, made.second)])


def ways_of(model):
    """{name: way} of all that this device has."""
    from landscape.surfaces import graphs, packing

    names = {True: "graph", False: "one call"}
    first = packing.first_tokens_only
    ways = {names[way.record]: way for way in graphs.ways(model) if way.last is first}
    return ways | {"call a length": packing.ways()[0], "plain": None}
