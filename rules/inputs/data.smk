# What a task's data are made from.

from landscape.data import sources


def local_files(wildcards):
    """The files of a data set that is a local folder; none of one on the Hub."""
    folder = Path(config["tasks"][wildcards.task]["hub"]["path"])
    key = f"tasks.{wildcards.task}.hub.path"
    files = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
    shown = [file for file in files if not any(part.startswith(".") for part in file.parts)]
    return sorted(given(folder / file, key) for file in shown)


def source(wildcards):
    """The raw files of a task's two splits."""
    task = config["tasks"][wildcards.task]
    if "files" in task:
        key = f"tasks.{wildcards.task}.files"
        return {split: given(path, f"{key}.{split}") for split, path in task["files"].items()}
    folder = "<results>/language" if "grammar" in task else "<results>/downloads/data"
    return {split: f"{folder}/{wildcards.task}/{split}.parquet" for split in ("train", "dev")}


def readers(wildcards):
    """The code that reads a task's raw files, and no other: those of other formats may change."""
    names = sorted({sources.reader(path).name for path in source(wildcards).values()})
    return [file for name in names for file in code(f"landscape/data/readers/{name}")]
