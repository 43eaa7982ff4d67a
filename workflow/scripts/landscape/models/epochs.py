"""How the checkpoints of a training are called, one an epoch, from 1."""

ALL = "epoch_*.safetensors"


def checkpoint_name(epoch):
    return f"epoch_{epoch:02d}.safetensors"
