# What jobs ask a cluster for: memory in MB and time in minutes, from the sizes of model and task,
# and more at each attempt. While a size is neither in the config nor in a file, it is "to be
# decided". A profile's set-resources overrules all of it.

from landscape import cost


def memory(encoders):
    """Room for so many encoders beside what Python, torch and, with a GPU, CUDA take."""
    base = 6000 if config["gpus_per_run"] else 2000

    def request(wildcards, input, attempt):
        model = cost.Model.of_config(config, input.start)
        kept = 1000 * SURFACES["keep_gb"] if wildcards.get("plane") in GROUPS else 0
        return round(base + encoders * model.bytes / 1e6 + kept) * attempt

    return request


def minutes(operations, attempt, devices=1):
    """Twice what the operations should take, and half an hour."""
    return round(30 + 120 * cost.hours(operations, **config["hardware"]) / devices) * attempt


def training_time(wildcards, input, attempt, epochs):
    model = cost.Model.of_config(config, input.start)
    folder = Path(input.train).parent
    task = cost.Task.of_config(config, wildcards.task, wildcards.init, folder)
    operations = cost.training(model, task, epochs)
    return minutes(operations, attempt, devices=max(1, config["gpus_per_run"]))


def evaluation_time(wildcards, input, attempt, points):
    model = cost.Model.of_config(config, input.start)
    if size := TASKS[wildcards.task].get("size"):
        tokens = sum(cost.Task(**size).measured(SURFACES["train_examples"]))
    else:
        tokens = sum(
            cost.tokens(input[split]) for split in ("train", "dev") if split in input.keys()
        )
    return minutes(cost.evaluation(model, tokens, points), attempt)
