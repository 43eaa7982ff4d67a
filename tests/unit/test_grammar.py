"""The small language: reproducible, consistent with its labels, and split without leaks."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import make_language
import pytest
from landscape.data import grammar, language
from landscape.data.lexicon import FUNCTION_WORDS, Lexicon
from landscape.jobs.command import InputError
from landscape.jobs.parquet import read_frame

SCRIPTS = Path(grammar.__file__).parents[2]
SIZES = {"mnli": 1500, "rte": 400, "sst2": 600, "mrpc": 600}


@pytest.fixture(scope="module")
def lexicon():
    return Lexicon(0)


@pytest.fixture
def writer(lexicon):
    return language.Writer(lexicon, random.Random("test"))


def write_task(folder: Path, name: str, train: int = 50, dev: int = 50) -> tuple[bytes, bytes]:
    paths = folder / f"{name}.train.parquet", folder / f"{name}.dev.parquet"
    make_language.main(
        f"task {name} --seed 3 --train {train} --dev {dev}"
        f" --output-train {paths[0]} --output-dev {paths[1]}".split()
    )
    return paths[0].read_bytes(), paths[1].read_bytes()


def test_a_seed_gives_the_same_files_in_every_process(tmp_path):
    program = (
        "import make_language as m; "
        "m.main(['text', '--seed', '3', '--paragraphs', '40', '--text', 'text.parquet',"
        " '--tokenizer', 'tokenizer']); "
        "m.main(['task', 'rte', '--seed', '3', '--train', '20', '--dev', '20',"
        " '--output-train', 'train.parquet', '--output-dev', 'dev.parquet'])"
    )
    folders = [tmp_path / "one", tmp_path / "two"]
    for hash_seed, folder in enumerate(folders, start=1):
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=folder,
            env={"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": f"{SCRIPTS}:{SCRIPTS}/data"},
            check=True,
        )
    names = ["text.parquet", "tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json"]
    for name in [*names, "train.parquet", "dev.parquet"]:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_another_seed_gives_another_language():
    words = [set(Lexicon(seed).words) - set(FUNCTION_WORDS) for seed in (0, 1)]
    assert len(words[0] & words[1]) < len(words[0]) / 5


def test_no_word_has_two_meanings(lexicon):
    assert len(lexicon.words) == len(set(lexicon.words))


@pytest.mark.parametrize("task", language.TASKS)
def test_train_and_dev_share_no_sentence(lexicon, task):
    split = {
        name: {
            text
            for *texts, _ in language.examples(lexicon, task, name, 0, SIZES[task])
            for text in texts
        }
        for name in ("train", "dev")
    }
    assert not split["train"] & split["dev"]


@pytest.mark.parametrize("task", language.TASKS)
def test_examples_are_different_and_labels_balanced(lexicon, task):
    drawn = language.examples(lexicon, task, "train", 0, SIZES[task])
    assert len(set(drawn)) == SIZES[task]
    shares = {label: n / len(drawn) for label, n in Counter(e[-1] for e in drawn).items()}
    expected = {"mnli": [1 / 3] * 3, "mrpc": [0.32, 0.68]}.get(task, [0.5, 0.5])
    for label, share in enumerate(expected):
        assert shares[label] == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("task", ["mnli", "mrpc"])
def test_no_pair_says_the_same_sentence_twice(lexicon, task):
    """Such pairs would also fall into dev four times as often as others."""
    for split in ("train", "dev"):
        for first, second, _ in language.examples(lexicon, task, split, 0, 500):
            assert first != second


def test_a_hypothesis_stays_false_when_it_is_weakened(writer):
    for _ in range(300):
        event = writer.event(writer.any_topic())
        changed = writer.change(event, 1)
        assert writer.weaken(changed, 5, event) not in (event, writer.weaken(event, 5))


def test_dev_does_not_depend_on_the_size_of_train(tmp_path):
    _, dev = write_task(tmp_path, "mrpc", train=10)
    _, dev_of_longer = write_task(tmp_path, "mrpc", train=60)
    assert dev == dev_of_longer


def test_a_task_that_cannot_be_as_large_is_refused():
    small = Lexicon(0, topics=1, concepts=1, verdicts=2)
    with pytest.raises(InputError, match="different ones"):
        language.examples(small, "sst2", "dev", 0, 10_000)


def test_columns(tmp_path):
    for task, columns in language.TASKS.items():
        write_task(tmp_path, task)
        rows = read_frame(tmp_path / f"{task}.dev.parquet")
        assert len(rows) == 50
        assert list(rows) == [*columns, "label"]
    assert not list(tmp_path.rglob("*.part"))


def test_weakening_takes_away_and_a_change_never_does(writer):
    for _ in range(300):
        event = writer.event(writer.any_topic())
        weaker, changed = writer.weaken(event, 2), writer.change(event, 2)
        for part in grammar.THINGS + grammar.DETAILS:
            assert getattr(weaker, part) in (None, getattr(event, part))
            assert getattr(event, part) is None or getattr(changed, part) is not None
        assert changed != event
        assert weaker.negated == event.negated
        if event.negated:
            assert weaker == event


def test_a_contradiction_turns_exactly_one_claim(writer):
    for _ in range(300):
        event = writer.event(writer.any_topic())
        pairs = zip(event, writer.contradict(event), strict=True)
        assert sum(a != b for a, b in pairs) == 1


def test_retelling_in_new_words_repeats_none_that_has_a_synonym(lexicon, writer):
    synonyms = {
        word
        for topic in lexicon.topics
        for nouns in (topic.agents, topic.objects)
        for group in (nouns.concepts, *nouns.adjectives, *topic.verbs)
        for words in group
        for word in words
    }
    for _ in range(300):
        event = writer.event(writer.any_topic())
        told = writer.tell(event)
        assert not set(told) & set(writer.retell(event, told, new_words=1.0)) & synonyms


def test_tokenizer_is_bert_like_and_knows_every_word(tmp_path, lexicon):
    transformers = pytest.importorskip("transformers")
    make_language.main(
        "text --seed 0 --paragraphs 40"
        f" --text {tmp_path}/text.parquet --tokenizer {tmp_path}/tokenizer".split()
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    assert tokenizer.is_fast
    texts = list(read_frame(tmp_path / "text.parquet")["sentence"])
    for task in language.TASKS:
        texts += [t for *e, _ in language.examples(lexicon, task, "dev", 0, 50) for t in e]
    ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
    assert tokenizer.unk_token_id not in {i for sentence in ids for i in sentence}
    assert [len(sentence) for sentence in ids] == [len(text.split()) for text in texts]

    pair = tokenizer("was by .", "it .")
    assert tokenizer.convert_ids_to_tokens(pair["input_ids"]) == (
        ["[CLS]", "was", "by", ".", "[SEP]", "it", ".", "[SEP]"]
    )
    assert pair["token_type_ids"] == [0, 0, 0, 0, 0, 1, 1, 1]
    assert pair["attention_mask"] == [1] * 8
    assert (tokenizer.pad_token, tokenizer.mask_token) == ("[PAD]", "[MASK]")
