# What jobs ask a cluster for: memory in MB and time in minutes, from the sizes of model and task,
# and more at each attempt. While a size is neither in the config nor in a file, it is "to be
# decided". A profile's set-resources overrules all of it.

from contextlib import contextmanager

from landscape.plan import cost


@contextmanager
def undecided_if_broken(path):
    """A broken file counts as missing, which Snakemake takes for "to be decided"."""
    try:
        yield
    except InputError as error:
        raise FileNotFoundError(2, str(error), path)


def model_size(input):
    """Of θ0."""
    with undecided_if_broken(input.start):
        return cost.Model.of_config(config, input.start)


def memory(encoders, processes=1):
    """Room for so many encoders in each process beside Python, torch and, with a GPU, CUDA."""
    base = 6000 if config["gpus_per_run"] else 2000

    def request(wildcards, input, attempt):
        each = base + encoders * model_size(input).bytes / 1e6
        kept = 1000 * SURFACES["keep_gb"] if is_of_group(wildcards) else 0
        return round(processes * each + kept) * attempt

    return request


def is_of_group(wildcards):
    plane = wildcards.get("plane")
    return plane is not None and study.planes[plane].group is not None


def minutes(hours, attempt):
    """Twice what it should take, and half an hour."""
    return round(30 + 120 * hours) * attempt


def training_time(wildcards, input, attempt, epochs):
    model, folder = model_size(input), Path(input.train).parent
    with undecided_if_broken(input.train):
        task = cost.Task.of_config(config, wildcards.task, recipe_of(wildcards).batch_size, folder)
    hours = cost.Costs(study, model).training(wildcards.arm, task, epochs)
    # not every model trains without padding
    return minutes(hours * task.padded / task.tokens / PROCESSES, attempt)


def tokens(wildcards, input):
    """Of the splits that a step measures, as the config says them, or else counted."""
    if size := config["tasks"][wildcards.task].get("size"):
        return cost.Task(**size).measured(SURFACES)
    splits = {split: input[split] for split in ("train", "dev") if split in input.keys()}
    with undecided_if_broken(", ".join(splits.values())):
        return cost.tokens(SURFACES, **splits)


def time(hours):
    """For a request: hours(costs, tokens, wildcards) is what the step costs."""

    def request(wildcards, input, attempt):
        costs = cost.Costs(study, model_size(input))
        return minutes(hours(costs, tokens(wildcards, input), wildcards), attempt)

    return request
