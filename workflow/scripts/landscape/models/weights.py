"""The weights of a model folder, read whole: every tensor of the encoder is the folder's own.

transformers fills whatever a folder lacks with random numbers and drops whatever it does not know,
and says so in a log that nobody reads. Here the one is refused, the other only for heads.
"""

import json
from pathlib import Path

from landscape.jobs import sealed, tensor_files
from landscape.jobs.command import InputError

WRAPPERS = ("module.", "_orig_mod.", "model.")  # DataParallel, torch.compile, a Lightning module
FLOATS = ("F64", "F32", "F16", "BF16")


def files(folder):
    """The safetensors files of a folder: `model.safetensors`, or the shards that its index names.

    Raises InputError where there are none, or one of them is missing.
    """
    whole, index = (Path(folder) / f"model.safetensors{end}" for end in ("", ".index.json"))
    if whole.is_file():
        return [whole]
    if not index.is_file():
        raise InputError(
            f"{folder}: no model.safetensors; only safetensors weights are read, as "
            "save_pretrained writes them"
        )
    try:
        shards = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        shards = [index.with_name(shard) for shard in shards]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{index}: not an index of shards (weight_map: {{tensor: file}})")
    for shard in shards:
        if not shard.is_file():
            raise InputError(f"{shard}: missing, and {index.name} names it")
    return shards


def read(folder):
    """{name: tensor, memory-mapped} of a folder's floating-point tensors.

    What wrappers put before all names is taken off; integers are no weights, but buffers.
    Raises InputError for a file that is cut short, damaged or none.
    """
    sealed.check_sums(folder)
    tensors = {}
    for path in files(folder):
        with tensor_files.opened(path, "pt") as file:
            for name in file.keys():
                if file.get_slice(name).get_dtype() in FLOATS:
                    tensors[name] = file.get_tensor(name)
    while wrappers := [w for w in WRAPPERS if tensors and all(n.startswith(w) for n in tensors)]:
        tensors = {name.removeprefix(wrappers[0]): tensor for name, tensor in tensors.items()}
    return tensors


def check(folder, model, tensors, missing, unexpected, mismatched):
    """What of a classifier's encoder its folder does not give: names of a pooler, or none.

    missing, unexpected, mismatched: what transformers says after it put `tensors` into `model`.
    Raises InputError where any other tensor of the encoder is not the folder's own, has another
    shape, or has no place in the model that config.json describes.
    """
    prefix = model.base_model_prefix + "."
    for name, has, needs in sorted(mismatched):
        if name.startswith(prefix):
            raise InputError(
                f"{folder}: tensor {name} has shape {list(has)}, its config.json needs "
                f"{list(needs)}"
            )
    absent = sorted(name for name in missing if name.startswith(prefix))
    if lost := [name for name in absent if "pooler" not in name]:
        raise InputError(
            f"{folder}: {listed(lost)} of {type(model).__name__} not among its weights "
            f"({listed(sorted(tensors))}): not a model of this architecture, or one of another "
            "wrapper or depth"
        )
    inside = {name for name, _ in model.base_model.named_children()}
    inside |= {name for name, _ in model.base_model.named_parameters(recurse=False)}
    bare = not any(name.startswith(prefix) for name in tensors)
    of_encoder = {
        name: name.startswith(prefix) or (bare and name.split(".")[0] in inside)
        for name in sorted(unexpected)
    }
    if odd := [name for name, of in of_encoder.items() if of and "pooler" not in name]:
        raise InputError(
            f"{folder}: {listed(odd)} among its weights, and config.json describes a "
            f"{type(model).__name__} without: give the config.json that belongs to the weights"
        )
    if left := [name for name, of in of_encoder.items() if not of]:
        print(f"left out, as no part of the encoder: {listed(left)}", flush=True)
    return [name.removeprefix(prefix) for name in absent]


def listed(names, most=3):
    """The first names and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def check_finite(path, tensors):
    """Raise InputError for the first of {name: tensor} that holds NaN or infinity."""
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise InputError(f"{path}: tensor {name} is not finite; no landscape begins there")
