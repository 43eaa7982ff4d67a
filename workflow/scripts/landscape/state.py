"""What an interrupted training goes on from, kept as safetensors outside the declared outputs."""

import json
import shutil
from pathlib import Path

import torch

from . import models, vectors
from .command import InputError


class State:
    """Parameters, Adam's moments, the step, rows of the logs and, within an epoch, random states.

    The parameters are those of the epoch's checkpoint, which is there anyway; within an epoch
    they have a file of their own. Every file is written whole, and the one that names the others
    comes last. A state of another recipe, or one that was cut short, is not taken up.
    """

    MOMENTS = ("step", "exp_avg", "exp_avg_sq")

    def __init__(self, folder, key):
        self.folder, self.path = Path(folder), Path(folder) / "state.safetensors"
        self.key = json.dumps(key, sort_keys=True)

    def epoch_path(self, epoch):
        return self.folder / f"epoch_{epoch:02d}.safetensors"

    def save(self, model, adam, step, log, scores, random=()):
        """After an epoch; or within one, with the processes' `random` states as hex."""
        weights = self.epoch_path(len(scores))
        if random:
            weights = self.folder / f"step_{step}.safetensors"
        models.save_checkpoint(model, weights)
        tensors = {
            f"{key}/{name}": adam.state[parameter][key]
            for name, parameter in models.parameters(model).items()
            for key in self.MOMENTS
        }
        facts = {"key": self.key, "step": step, "weights": weights.name, "random": list(random)}
        facts |= {"log": log, "scores": scores}
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        vectors.write(
            self.path,
            shapes,
            lambda name: tensors[name].float().cpu().numpy(),
            {"facts": json.dumps(facts)},
        )
        for old in self.folder.glob("step_*.safetensors"):
            if old != weights:
                old.unlink()

    def load(self, model, adam):
        """Facts of the state (`step`, `log`, `scores`, `random`), put into model and optimizer.

        Those of a start where there is none to go on from.
        """
        if self.path.exists():
            try:
                return self._load(model, adam)
            except (InputError, KeyError, ValueError) as error:
                print(f"{self.path} is not taken up ({error}): training starts anew", flush=True)
        return {"step": 0, "log": [], "scores": [], "random": []}

    def _load(self, model, adam):
        with vectors.opened(self.path, "pt") as state:
            facts = json.loads(state.metadata()["facts"])
            if facts["key"] != self.key:
                raise InputError("it is of another recipe, model or data")
            for epoch in range(len(facts["scores"])):
                vectors.opened(self.epoch_path(epoch + 1), "pt")
            models.load_checkpoint(model, self.folder / facts["weights"])
            for name, parameter in models.parameters(model).items():
                for key in self.MOMENTS:
                    value = state.get_tensor(f"{key}/{name}")
                    adam.state[parameter][key] = value.to(parameter.device)
        return facts

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def random_state(device):
    """The state of the device's random numbers, as hex."""
    return bytes(generator(device).get_state().tolist()).hex()


def set_random_state(device, state):
    generator(device).set_state(torch.tensor(list(bytes.fromhex(state)), dtype=torch.uint8))


def generator(device):
    """Where the device's dropout draws from."""
    if device.type == "cuda":
        return torch.cuda.default_generators[device.index or 0]
    return torch.default_generator
