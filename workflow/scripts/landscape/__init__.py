"""Loss landscapes of Transformer classifiers: what the workflow's commands share.

The library knows nothing of Snakemake and nothing of where a study keeps its files.
"""
