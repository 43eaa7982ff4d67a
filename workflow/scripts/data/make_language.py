"""Write the embedded study's small language: its text and tokenizer, or a task's tables.

The text is a table of sentences, each with its document and paragraph. Documents are on one topic
and hold up to four paragraphs, each around one event, thing or word. So next-sentence pairs can be
drawn from the text alone: a paragraph cut in two goes on with its rest; another paragraph of the
same document is a hard negative, one of another document an easy one.

The lexicon comes from the seed alone, a task's examples from the seed, the task's name and the
split, so a dev set does not depend on how much training data is asked for.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
from landscape.data import language
from landscape.data.lexicon import Lexicon
from landscape.jobs.command import run, whole
from landscape.jobs.parquet import write_frame
from landscape.jobs.sealed import write_sums

SPECIAL_TOKENS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def write_text(path: Path, documents: list[list[list[str]]]) -> None:
    """One sentence a row, with the numbers of its document and of its paragraph there."""
    rows = [
        (d, p, sentence)
        for d, document in enumerate(documents)
        for p, paragraph in enumerate(document)
        for sentence in paragraph
    ]
    write_frame(pd.DataFrame(rows, columns=["document", "paragraph", "sentence"]), path)


def write_tokenizer(folder: Path, words: list[str]) -> None:
    """A folder that `AutoTokenizer.from_pretrained` loads: a token for each word, as BERT's."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = [*SPECIAL_TOKENS.values(), *words]
    ids = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS.values()))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, ids[token]) for token in ("[CLS]", "[SEP]")],
    )
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
        **SPECIAL_TOKENS,
    }
    with whole(folder / "tokenizer.json") as beside:
        tokenizer.save(str(beside))
    with whole(folder / "tokenizer_config.json") as beside:
        beside.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    write_sums(folder)


def write_examples(path: Path, columns: tuple[str, ...], examples: list[tuple]) -> None:
    """A table with the text columns and `label`."""
    write_frame(pd.DataFrame(examples, columns=[*columns, "label"]), path)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)

    text = commands.add_parser("text", help="unlabelled text and the tokenizer")
    text.add_argument("--seed", type=int, required=True)
    text.add_argument("--paragraphs", type=int, required=True)
    text.add_argument("--text", type=Path, required=True, help=".parquet")
    text.add_argument("--tokenizer", type=Path, required=True, help="folder")

    task = commands.add_parser("task", help="a task's training and dev examples, .parquet")
    task.add_argument("name", choices=sorted(language.TASKS))
    task.add_argument("--seed", type=int, required=True)
    task.add_argument("--train", type=int, required=True, help="number of training examples")
    task.add_argument("--dev", type=int, required=True, help="number of dev examples")
    task.add_argument("--output-train", type=Path, required=True)
    task.add_argument("--output-dev", type=Path, required=True)

    args = parser.parse_args(argv)
    lexicon = Lexicon(args.seed)
    if args.command == "text":
        write_text(args.text, language.documents(lexicon, args.seed, args.paragraphs))
        write_tokenizer(args.tokenizer, lexicon.words)
    else:
        columns = language.TASKS[args.name]
        for split, count, path in (
            ("train", args.train, args.output_train),
            ("dev", args.dev, args.output_dev),
        ):
            drawn = language.examples(lexicon, args.name, split, args.seed, count)
            write_examples(path, columns, drawn)


if __name__ == "__main__":
    run(main)
