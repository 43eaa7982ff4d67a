"""Build, load and save classifiers; and which parameters are encoder, head and layer n.

A checkpoint is one safetensors file: the encoder's tensors as `encoder.<name>`, the head's as
`head.<name>`. `<name>` of an encoder tensor is its name in the bare encoder, so that θ0 (a
`save_pretrained` folder of the bare encoder), directions and checkpoints agree for any
architecture. torch and transformers are imported late: the steps that only need names stay quick.
"""

import json
import re
from contextlib import contextmanager
from pathlib import Path

from . import vectors
from .command import InputError

ENCODER, HEAD = "encoder.", "head."
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert")  # count positions from the padding's id


def layer_of(name):
    """The layer (from 0) that an encoder tensor belongs to; None for embeddings and pooler."""
    number = re.search(r"(?:^|\.)(\d+)\.", name)
    return int(number.group(1)) if number else None


def names_of_layers(names, first, last):
    """Those of `names` in layers `first` to `last`, both included.

    Raises InputError where the model has no such layers.
    """
    layers = {layer_of(name) for name in names} - {None}
    if not layers or first < 0 or last > max(layers) or first > last:
        have = f"layers 0 to {max(layers)}" if layers else "no numbered layers"
        raise InputError(f"layer group {first} to {last}: the model has {have}")
    return [name for name in names if layer_of(name) in range(first, last + 1)]


def check_folder(folder, weights=True):
    """Raise InputError where a folder holds no model, or one without safetensors weights."""
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no config.json; give a folder made by save_pretrained")
    if weights and not any(folder.glob("*.safetensors")):
        raise InputError(f"{folder}: no model.safetensors; only safetensors weights are read")


@contextmanager
def loading(folder):
    """Turn what transformers says of an unusable model folder into one line."""
    from safetensors import SafetensorError
    from transformers import logging

    logging.set_verbosity_error()  # that the head is new is no news
    logging.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError, SafetensorError) as error:
        raise InputError(f"{folder}: cannot be loaded ({' '.join(str(error).split())[:300]})")


def load_tokenizer(folder):
    """The folder's tokenizer. Raises InputError where there is none, or one without padding."""
    from transformers import AutoTokenizer

    # without any of these transformers would make up a tokenizer that knows no word
    if not any(list(Path(folder).glob(name)) for name in VOCABULARIES):
        raise InputError(f"{folder}: no tokenizer there ({', '.join(VOCABULARIES)})")
    with loading(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.pad_token_id is None:
        raise InputError(f"{folder}: the tokenizer has no padding token")
    return tokenizer


def first_position(model_type, pad_id):
    """The position that a model of this type gives to an example's first token."""
    return pad_id + 1 if model_type in OFFSET_POSITIONS else 0


def longest_input(folder):
    """How many tokens the folder's model can take; None where its config does not say."""
    path = Path(folder) / "config.json"
    config = json.loads(path.read_text()) if path.is_file() else {}
    positions = config.get("max_position_embeddings")
    if positions:
        positions -= first_position(config.get("model_type"), config.get("pad_token_id", 1))
    return positions


def initial_encoder(folder, init, seed):
    """The bare encoder θ0: with the folder's weights (`pretrained`) or random ones (`scratch`).

    The seed decides all of `scratch`, and of `pretrained` whatever the folder lacks (a pooler).
    Raises InputError for a folder that holds no model.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    if init == "pretrained":
        return load_classifier(folder, 2, seed).base_model
    check_folder(folder, weights=False)
    torch.manual_seed(seed)
    with loading(folder):
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        scratch = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
    return scratch.base_model  # of a classifier: not every one has the bare model's pooler


def load_classifier(folder, labels, seed=0):
    """θ0 with a fresh, seeded head for `labels` classes, in float32.

    Raises InputError for a folder that holds no model.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    check_folder(folder)
    torch.manual_seed(seed)
    with loading(folder):
        return AutoModelForSequenceClassification.from_pretrained(
            folder,
            num_labels=labels,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation=None if torch.cuda.is_available() else "eager",
        )


def load_final(folder, checkpoint, labels, device):
    """A trained classifier on its device, in eval mode: architecture, then θ1."""
    model = load_classifier(folder, labels)
    load_checkpoint(model, checkpoint)
    return model.to(device).eval()


def parameters(model):
    """All parameters of a classifier by their checkpoint names, `encoder.*` then `head.*`."""
    prefix = model.base_model_prefix + "."
    encoder, head = {}, {}
    for name, parameter in model.named_parameters():
        if name.startswith(prefix):
            encoder[ENCODER + name.removeprefix(prefix)] = parameter
        else:
            head[HEAD + name] = parameter
    return encoder | head


def layers(model):
    """A classifier's encoder layers, from the lowest; [] where they cannot be told.

    They are the one ModuleList of the encoder that is as long as the model is deep.
    """
    from torch import nn

    for module in model.base_model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == model.config.num_hidden_layers:
            return list(module)
    return []


def save_checkpoint(model, path):
    """Write all parameters of a classifier, in float32, as one safetensors file."""
    held = parameters(model)
    shapes = {name: tuple(parameter.shape) for name, parameter in held.items()}
    vectors.write(path, shapes, lambda name: held[name].detach().float().cpu().numpy())


def fitting(file, path, name, shape):
    """One tensor of an open file. Raises InputError where it is missing or has another shape."""
    if name not in file.keys():
        raise InputError(f"{path}: tensor {name} of the model is missing")
    tensor = file.get_tensor(name)
    if tensor.shape != shape:
        raise InputError(
            f"{path}: tensor {name} has shape {list(tensor.shape)}, the model needs {list(shape)}"
        )
    return tensor


def load_checkpoint(model, path, only=(ENCODER, HEAD)):
    """Put a checkpoint's tensors (of the encoder, the head or both) into a classifier, in place.

    Raises InputError where a tensor is missing or has another shape.
    """
    import torch

    with vectors.opened(path, "pt") as checkpoint, torch.no_grad():
        for name, parameter in parameters(model).items():
            if name.startswith(tuple(only)):
                parameter.copy_(fitting(checkpoint, path, name, parameter.shape))
