"""Pre-train a small BERT on raw text with BERT's two objectives: masked words, next sentence.

The text is a table of sentences, each with the number of its document and of its paragraph there.
A document's paragraphs are on one topic.

A pair for next-sentence prediction is a paragraph cut in two at a random place. In half of the
pairs the second part is taken from another paragraph instead: of the same document with
probability `same_document`, else of any document.
"""

import argparse
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from landscape.jobs import locks, parquet, provenance
from landscape.jobs.command import InputError, link, run
from landscape.jobs.sealed import write_sums
from landscape.models import classifiers

log = logging.getLogger("pretrain")

RECIPE = {
    "steps": 2800,
    "batch_size": 64,
    "learning_rate": 3.0e-3,  # peak: linear warm-up, then linear to 0
    "warmup": 0.05,  # share of the steps
    "weight_decay": 0.01,  # none on biases and LayerNorm
    "adam_beta2": 0.98,
    "max_grad_norm": 1.0,
    "dropout": 0.0,  # no text is seen twice alike, so there is little to overfit
    "mask_probability": 0.3,
    "same_document": 0.5,
}
"""The recipe's numbers and what they are when `--recipe` does not name them."""

POOL = 20  # batches drawn together and sorted by length, so that little is padded


def read_documents(path: Path) -> list[list[list[str]]]:
    """Documents of paragraphs of sentences.

    Raises InputError for another table, and for a paragraph that has no two of them.
    """
    table = parquet.read_frame(path)
    if lost := {"document", "paragraph", "sentence"} - set(table):
        raise InputError(f"{path}: no column {min(lost)}; expected what make_language.py writes")
    documents = [
        [list(paragraph) for _, paragraph in document.groupby("paragraph")["sentence"]]
        for _, document in table.groupby("document")
    ]
    for document in documents:
        for paragraph in document:
            if len(paragraph) < 2:
                raise InputError(f"{path}: a paragraph of one sentence has no next: {paragraph}")
    return documents


def cut(paragraph: list[str], rng: np.random.Generator) -> tuple[str, str]:
    """The paragraph's sentences up to a random place, and the rest."""
    place = rng.integers(1, len(paragraph))
    return " ".join(paragraph[:place]), " ".join(paragraph[place:])


def sentence_pairs(
    documents: list[list[list[str]]], same_document: float, rng: np.random.Generator
) -> Iterator[tuple[str, str, int]]:
    """Endless (first, second, label): label 0, second follows first; 1, it comes from elsewhere."""
    places = [(d, p) for d, document in enumerate(documents) for p in range(len(document))]
    while True:
        for d, p in rng.permutation(places):
            first, second = cut(documents[d][p], rng)
            label = int(rng.random() < 0.5)
            if label:
                _, second = cut(other_paragraph(documents, d, p, same_document, rng), rng)
            yield first, second, label


def other_paragraph(
    documents: list[list[list[str]]], d: int, p: int, same_document: float, rng: np.random.Generator
) -> list[str]:
    """A paragraph that is not the p-th of document d, perhaps one of the same document."""
    siblings = len(documents[d])
    if siblings > 1 and rng.random() < same_document:
        return documents[d][(p + rng.integers(1, siblings)) % siblings]
    other = documents[(d + rng.integers(1, len(documents))) % len(documents)]
    return other[rng.integers(len(other))]


def batches(
    pairs: Iterator, tokenizer, collator, batch_size: int, max_length: int, rng: np.random.Generator
) -> Iterator[dict]:
    """Endless masked batches, as tensors (batch, longest in the batch)."""
    while True:
        pool = [next(pairs) for _ in range(POOL * batch_size)]
        encoded = tokenizer(
            [first for first, _, _ in pool],
            [second for _, second, _ in pool],
            truncation=True,
            max_length=max_length,
            return_special_tokens_mask=True,
            return_attention_mask=False,
        )
        by_length = sorted(range(len(pool)), key=lambda i: len(encoded["input_ids"][i]))
        for start in rng.permutation(POOL) * batch_size:
            chosen = by_length[start : start + batch_size]
            features = [{name: encoded[name][i] for name in encoded} for i in chosen]
            for feature, i in zip(features, chosen, strict=True):
                feature["next_sentence_label"] = pool[i][2]
            yield collator(features)


def pretrain(documents, tokenizer, config, recipe: dict, seed: int, state):
    """Train a `BertForPreTraining` of a `BertConfig`. Returns its encoder and the log's rows.

    A row is the mean of 100 steps: step, mlm_loss and nsp_loss in nats, nsp_accuracy. After each
    the state is saved; one that was interrupted draws its batches again up to there, and ends with
    the bits of one that was not.
    """
    import torch
    from landscape.models.optimizer import adamw, linear_schedule
    from landscape.models.state import random_state, set_random_state
    from transformers import BertForPreTraining, DataCollatorForLanguageModeling

    device = torch.device("cpu")

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = BertForPreTraining(config).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = recipe["dropout"]
    optimizer = adamw(
        model, recipe["learning_rate"], recipe["weight_decay"], (0.9, recipe["adam_beta2"])
    )
    steps = recipe["steps"]
    pairs = sentence_pairs(documents, recipe["same_document"], rng)
    collator = DataCollatorForLanguageModeling(
        tokenizer, mlm_probability=recipe["mask_probability"], seed=seed
    )
    stream = batches(
        pairs, tokenizer, collator, recipe["batch_size"], config.max_position_embeddings, rng
    )

    rows, random = state.load(model, optimizer)
    if rows:
        set_random_state(device, *random)
        log.info("going on after step %d", rows[-1][0])
    done = rows[-1][0] if rows else 0
    schedule = linear_schedule(optimizer, recipe["warmup"], steps, done)
    recent, start = [], time.monotonic()
    for step, batch in zip(range(1, steps + 1), stream, strict=False):
        if step <= done:
            continue
        outputs = model(**batch)
        nsp_logits = outputs.seq_relationship_logits
        follows = batch["next_sentence_label"]
        nsp_loss = torch.nn.functional.cross_entropy(nsp_logits.detach(), follows)
        outputs.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe["max_grad_norm"])
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        accuracy = (nsp_logits.argmax(-1) == follows).float().mean()
        recent.append([outputs.loss.item() - nsp_loss.item(), nsp_loss.item(), accuracy.item()])
        if step % 100 == 0 or step == steps:
            rows.append([step, *np.mean(recent, axis=0).tolist()])
            recent = []
            state.save(model, optimizer, rows, 0, [random_state(device)])
            log.info(
                "step %d of %d: mlm loss %.3f, nsp loss %.3f, nsp accuracy %.3f, %.0f s",
                step, steps, *rows[-1][1:], time.monotonic() - start,
            )  # fmt: skip
    return model.bert, rows


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of a tokenizer")
    parser.add_argument("--architecture", type=Path, required=True, help="folder of config.json")
    parser.add_argument("--recipe", type=json.loads, default={}, help="JSON: see RECIPE")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--state", type=Path, required=True, help="folder for going on later")
    parser.add_argument("--output", type=Path, required=True, help="folder of the encoder")
    args = parser.parse_args(argv)
    if unknown := set(args.recipe) - set(RECIPE):
        raise InputError(
            f"recipe: {', '.join(sorted(unknown))}: unknown; known: {', '.join(RECIPE)}"
        )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch
    from landscape.models.state import State
    from transformers import BertConfig

    torch.set_num_threads(args.threads)
    tokenizer = classifiers.load_tokenizer(args.tokenizer)
    # plain attention is the fastest at such lengths on a CPU
    classifiers.check_folder(args.architecture, with_weights=False)
    config = BertConfig.from_pretrained(args.architecture, attn_implementation="eager")
    recipe = RECIPE | args.recipe
    files = {"text": args.text, "model": args.architecture / "config.json"}
    files |= {path.name: path for path in args.tokenizer.glob("tokenizer*")}
    state = State(args.state, provenance.of(files, recipe=recipe, seed=args.seed))
    documents = read_documents(args.text)
    with locks.hold(args.state / "lock"):
        encoder, rows = pretrain(documents, tokenizer, config, recipe, args.seed, state)

        # the folder's files are written beside it, and have their places when all are there
        part = args.output.with_name(args.output.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        encoder.save_pretrained(part)
        tokenizer.save_pretrained(part)
        table = pd.DataFrame(rows, columns=["step", "mlm_loss", "nsp_loss", "nsp_accuracy"])
        parquet.write_frame(table, part / "pretraining.parquet")
        for file in part.iterdir():
            link(file, args.output / file.name)
        write_sums(args.output)
        shutil.rmtree(part)
        shutil.rmtree(args.state)


if __name__ == "__main__":
    run(main)
