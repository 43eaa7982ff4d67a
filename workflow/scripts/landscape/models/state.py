"""What an interrupted training goes on from, kept outside the declared outputs."""

import json
from pathlib import Path

import torch
from landscape.jobs import tensor_files
from landscape.jobs.command import InputError, whole
from landscape.jobs.sealed import seal, unseal
from landscape.models import classifiers
from landscape.models.epochs import checkpoint_name


class State:
    """The step, rows of the log, parameters, Adam's moments and, within an epoch, random states.

    `state.json` names the files of the rest, and is written last: every file is whole, and what
    it names is there. The parameters are those of the epoch's checkpoint, which is there anyway;
    within an epoch they have a file of their own. A state of another recipe, or one of whose files
    any is damaged, is not taken up; all are looked at before the model is touched.
    """

    MOMENTS = ("step", "exp_avg", "exp_avg_sq")

    def __init__(self, folder, key):
        self.folder, self.path = Path(folder), Path(folder) / "state.json"
        self.key = json.dumps(key, sort_keys=True)

    def epoch_path(self, epoch):
        return self.folder / checkpoint_name(epoch)

    def save(self, model, adam, log, epochs, random=()):
        """After so many epochs; or within the next, with the processes' `random` states."""
        step = len(log)
        weights = self.epoch_path(epochs)
        if random:
            weights = self.folder / f"step_{step}.safetensors"
        classifiers.save_checkpoint(model, weights)
        tensors = {
            f"{key}/{name}": adam.state[parameter][key]
            for name, parameter in classifiers.parameters(model).items()
            for key in self.MOMENTS
            if key in adam.state[parameter]  # no gradient, no moments
        }
        moments = self.folder / f"moments_{step}.safetensors"
        tensor_files.write_tensors(moments, tensors)
        facts = {"key": self.key, "weights": weights.name, "moments": moments.name}
        facts |= {"rng": list(random), "log": log, "epochs": epochs}
        with whole(self.path) as beside:
            beside.write_bytes(seal(json.dumps(facts)))
        for old in [*self.folder.glob("step_*"), *self.folder.glob("moments_*")]:
            if old not in (weights, moments):
                old.unlink()

    def load(self, model, adam):
        """(log, random) of the state, whose rest is put into model and optimizer.

        All empty where there is none to go on from.
        """
        if self.path.exists():
            try:
                return self._load(model, adam)
            except (InputError, OSError, KeyError, ValueError) as error:
                print(f"{self.path} is not taken up ({error}): training starts anew", flush=True)
        return [], []

    def _load(self, model, adam):
        facts = json.loads(unseal(self.path.read_bytes()))
        if facts["key"] != self.key:
            raise InputError("it is of another recipe, model or data")
        for epoch in range(facts["epochs"]):
            tensor_files.opened(self.epoch_path(epoch + 1), "pt")
        tensor_files.opened(self.folder / facts["weights"], "pt")
        with tensor_files.opened(self.folder / facts["moments"], "pt") as moments:
            classifiers.load_checkpoint(model, self.folder / facts["weights"])
            there = set(moments.keys())
            for name, parameter in classifiers.parameters(model).items():
                for key in self.MOMENTS:
                    if f"{key}/{name}" in there:
                        value = moments.get_tensor(f"{key}/{name}")
                        adam.state[parameter][key] = value.to(parameter.device)
        return facts["log"], facts["rng"]

    def clear(self):
        """Remove all that was saved, but not the lock of who is at work here."""
        for file in self.folder.glob("*.*"):
            file.unlink()


def random_state(device):
    """The kind of device, and the state of its random numbers as hex."""
    return [device.type, bytes(generator(device).get_state().tolist()).hex()]


def set_random_state(device, state):
    """Go on with a saved state; with fresh numbers where it is of another kind of device."""
    kind, state = state
    if kind == device.type:
        generator(device).set_state(torch.tensor(list(bytes.fromhex(state)), dtype=torch.uint8))


def generator(device):
    """Where the device's dropout draws from."""
    if device.type == "cuda":
        return torch.cuda.default_generators[device.index or 0]
    return torch.default_generator
