"""What a study is about, and how its parts are called for a reader."""

# in the paper's order, by the names that readers know
ARMS = {"scratch": "From scratch", "pretrained": "Pre-trained"}
GROUPS = {"low": "Low layers", "middle": "Middle layers", "high": "High layers"}
TASKS = {"cola": "CoLA", "sst2": "SST-2", "stsb": "STS-B"}  # the others: upper-cased


def task_name(task):
    return TASKS.get(task, task.upper())


def model_name(model):
    """Of the config's `model`."""
    return model.get("hub") or model.get("path") or "a mini BERT, pre-trained by the study"


def measures(plane):
    """What figures and tables need of a plane off its landmarks; the dev set costs the most."""
    return ["train_loss", "dev_error"] if plane == "full" else ["train_loss"]


def splits(plane):
    """The splits that these are of: a measure's name begins with its split's."""
    return [measure.partition("_")[0] for measure in measures(plane)]


def add_arm(flags):
    flags.add_argument("--arm", default="pretrained", choices=ARMS, help="default: %(default)s")
