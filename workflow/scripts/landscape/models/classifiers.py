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

from landscape.jobs import sealed, tensor_files
from landscape.jobs.command import InputError, one_line
from landscape.models import weights

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


def check_folder(folder, with_weights=True):
    """The config.json of a model folder, as a dict.

    Raises InputError where a folder holds no model, a quantised or a damaged one, or one without
    safetensors weights.
    """
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise InputError(f"{folder}: no config.json; give a folder made by save_pretrained")
    sealed.check_sums(folder, weights=False)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})")
    if not isinstance(config, dict):
        raise InputError(f"{path}: holds a {type(config).__name__}, expected a model's settings")
    if "quantization_config" in config:
        raise InputError(f"{path}: quantization_config: give the weights before quantisation")
    if with_weights:
        weights.files(folder)
    return config


@contextmanager
def loading(folder):
    """Turn what transformers says of an unusable model folder into one line."""
    from transformers import logging

    logging.set_verbosity_error()  # `weights.check` says what of it matters
    logging.disable_progress_bar()
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # its own code, and any folder of a user's: any kind of error
        said = f"{type(error).__name__}: {one_line(error)[:300]}"
        raise InputError(f"{folder}: cannot be loaded ({said})")


def load_tokenizer(folder):
    """The folder's tokenizer. Raises InputError for none, a damaged one, or one without padding."""
    from transformers import AutoTokenizer

    # without any of these transformers would make up a tokenizer that knows no word
    if not any(list(Path(folder).glob(name)) for name in VOCABULARIES):
        raise InputError(f"{folder}: no tokenizer there ({', '.join(VOCABULARIES)})")
    sealed.check_sums(folder, weights=False)
    with loading(folder):
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    if tokenizer.pad_token_id is None:
        raise InputError(f"{folder}: the tokenizer has no padding token")
    return tokenizer


def first_position(model_type, pad_id):
    """The position that a model of this type gives to an example's first token."""
    return pad_id + 1 if model_type in OFFSET_POSITIONS else 0


def longest_input(folder):
    """How many tokens the folder's model can take; None where its config does not say."""
    if not (Path(folder) / "config.json").is_file():
        return None  # a folder of a tokenizer alone
    config = check_folder(folder, with_weights=False)
    positions = config.get("max_position_embeddings")
    if positions:
        positions -= first_position(config.get("model_type"), config.get("pad_token_id", 1))
    return positions


def initial_encoder(folder, seed, random=False):
    """(encoder, made): the bare θ0 with the folder's weights, or all of them random.

    The seed decides all that is random. Else every tensor is the folder's own, but for a pooler
    that it lacks: `made` are the names of what came from the seed there.
    Raises InputError for a folder that holds no such model, and for weights that are not finite.
    """
    if not random:
        model, made = classifier(folder, labels=2, seed=seed)
        encoder = model.base_model
        weights.check_finite(folder, dict(encoder.named_parameters()))
        return encoder, made
    import torch
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(seed)
    with loading(folder):
        drawn = AutoModelForSequenceClassification.from_config(
            config_of(folder), dtype=torch.float32, trust_remote_code=False
        )
    return drawn.base_model, []  # of a classifier: not every one has the bare model's pooler


def check_shape(encoder, folder, other):
    """Raise InputError unless the folder's encoder has the parameters of another folder's model."""
    import torch
    from transformers import AutoModelForSequenceClassification

    with loading(other), torch.device("meta"):
        wanted = AutoModelForSequenceClassification.from_config(
            config_of(other), trust_remote_code=False
        )
    shapes, expected = (
        {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
        for model in (encoder, wanted.base_model)
    )
    for name in {**expected, **shapes}:
        if shapes.get(name) != expected.get(name):
            raise InputError(
                f"{folder}: {name} has shape {shapes.get(name, 'none')}, the study's model in "
                f"{other} {expected.get(name, 'none')}; one study compares models of one shape"
            )


def save_encoder(encoder, folder, made=()):
    """Write θ0: config.json, and its parameters by the names that checkpoints and directions use.

    `save_pretrained` gives some architectures other names than their parameters have.
    made: names of what a pre-trained folder lacked and the seed gave, kept in the metadata.
    """
    encoder.config.save_pretrained(folder)
    metadata = {"made": json.dumps(list(made))}
    path = Path(folder) / "model.safetensors"
    tensor_files.write_tensors(path, dict(encoder.named_parameters()), metadata)
    sealed.write_sums(folder, weights=False)


def made_by_seed(folder):
    """Names of the tensors of θ0 that its pre-trained folder lacked."""
    with tensor_files.opened(Path(folder) / "model.safetensors", "np") as file:
        return json.loads((file.metadata() or {}).get("made", "[]"))


def config_of(folder, **more):
    """The folder's configuration, as a config of transformers.

    Raises InputError for a model that brings its code with it: none is ever run.
    """
    from transformers import CONFIG_MAPPING, AutoConfig

    written = check_folder(folder, with_weights=False)
    if "auto_map" in written and written.get("model_type") not in CONFIG_MAPPING:
        raise InputError(
            f"{folder}/config.json: model_type {written.get('model_type')!r} needs code of the "
            "folder's own (auto_map), which is never run; give a model that transformers knows"
        )
    return AutoConfig.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, **more
    )


def classifier(folder, labels, seed):
    """(model, made): the folder's encoder with a fresh, seeded head for `labels` classes, float32.

    A head that the folder brings is dropped. Raises InputError as `weights.check`.
    """
    import torch
    from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING as CLASSIFIERS

    tensors = weights.read(folder)
    torch.manual_seed(seed)
    with loading(folder):
        config = config_of(folder, num_labels=labels)
        if type(config) not in CLASSIFIERS:
            raise InputError(f"{folder}: transformers has no classifier of a {config.model_type}")
        model, said = CLASSIFIERS[type(config)].from_pretrained(
            None,
            config=config,
            state_dict=tensors,
            dtype=torch.float32,
            attn_implementation=None if torch.cuda.is_available() else "eager",
            ignore_mismatched_sizes=True,  # of the head; `check` refuses the encoder's
            output_loading_info=True,
        )
    said = [said[f"{kind}_keys"] for kind in ("missing", "unexpected", "mismatched")]
    return model, weights.check(folder, model, tensors, *said)


def load_classifier(folder, labels, seed=0):
    """θ0 with a fresh, seeded head for `labels` classes, in float32.

    Raises InputError for a folder that holds no whole encoder.
    """
    model, lacking = classifier(folder, labels, seed)
    if lacking:
        raise InputError(f"{folder}: no {weights.listed(lacking)} in it; delete it, it is no θ0")
    return model


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
    tensor_files.write_tensors(path, parameters(model))


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

    Raises InputError where a tensor is missing, has another shape or no place in the model.
    """
    import torch

    held = parameters(model)
    with tensor_files.opened(path, "pt") as checkpoint, torch.no_grad():
        if odd := sorted(set(checkpoint.keys()) - set(held)):
            raise InputError(f"{path}: {weights.listed(odd)} in it, and the model has none such")
        for name, parameter in held.items():
            if name.startswith(tuple(only)):
                parameter.copy_(fitting(checkpoint, path, name, parameter.shape))
