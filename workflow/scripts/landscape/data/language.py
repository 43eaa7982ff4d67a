"""The embedded study's small language: unlabelled text and four labelled tasks.

A network can learn the latent classes of its words from much unlabelled text, hardly from a task's
few hundred examples: that is what makes pre-training worth while here. Sentences are telegraphic
(no articles), so that this takes a small network minutes and not hours.

Only ``random.Random`` with seeds made of numbers and names: the same on any machine and in any
process.
"""

import random
import zlib

from landscape.data.grammar import Event, Speaker
from landscape.data.lexicon import CONNECTIVES, PRONOUNS, Lexicon
from landscape.jobs.command import InputError

TASKS = {
    "mnli": ("sentence1", "sentence2"),
    "rte": ("sentence1", "sentence2"),
    "sst2": ("sentence",),
    "mrpc": ("sentence1", "sentence2"),
}
"""The columns of text of each task; `label` comes with them."""


class Writer(Speaker):
    """Draws text and task examples too."""

    # Unlabelled text: a document is a list of paragraphs, a paragraph a list of sentences

    def document(self) -> list[list[list[str]]]:
        """A story, a collection of reviews or a glossary, on one topic."""
        topic = self.any_topic()
        kind = self.rng.choices((self.story, self.reviews, self.glossary), (6, 3, 2))[0]
        return kind(topic)

    def story(self, topic: int) -> list[list[list[str]]]:
        """Events of a topic, a paragraph each; half of them resemble the one before."""
        event = self.event(topic)
        paragraphs = [self.report(event)]
        for _ in range(3):
            event = self.change(event, 2) if self.chance(0.35) else self.event(topic)
            paragraphs.append(self.report(event))
        return paragraphs

    def report(self, event: Event) -> list[list[str]]:
        """Three or four sentences around one event; a connective often says how they relate."""
        paragraph = [self.tell(event)]
        for _ in range(self.rng.choice((2, 3))):
            relation = self.rng.choices(list(CONNECTIVES), (45, 25, 20, 10))[0]
            if relation == "weaken":
                further = self.weaken(event, self.rng.choice((1, 2)))
            elif relation == "contradict":
                further = self.contradict(event)
            elif relation == "change":
                further = self.change(event, 1)
            else:
                further = event
            connective = [self.rng.choice(CONNECTIVES[relation])] if self.chance(0.7) else []
            paragraph.append(connective + self.retell(further, paragraph[0], 0.4))
        return paragraph

    def reviews(self, topic: int) -> list[list[list[str]]]:
        """Reviews of things of a topic, a paragraph each, of one opinion throughout."""
        paragraphs = []
        for _ in range(4):
            thing, polarity = self.thing(self.lexicon.topics[topic].objects), self.rng.randrange(2)
            review = []
            for _ in range(self.rng.choice((2, 3))):
                sentence = self.opinion(topic, thing, polarity, negation=0.06, concession=0.1)
                if self.chance(0.9):
                    feeling = self.rng.choice(self.lexicon.feelings[polarity])
                    sentence[-1:] = [self.rng.choice(PRONOUNS), feeling, "."]
                review.append(sentence)
            paragraphs.append(review)
        return paragraphs

    def glossary(self, topic: int) -> list[list[list[str]]]:
        """Words of a topic explained by others, a paragraph for each noun, verb or adjective."""
        words = self.lexicon.topics[topic]
        paragraphs = []
        for nouns in (words.agents, words.objects):
            for synonyms in nouns.concepts:
                word, other = self.rng.sample(synonyms, 2)
                paragraphs.append(self.entries(word, other, ["kind", "of", nouns.kind]))
        for scale in words.verbs + words.agents.adjectives + words.objects.adjectives:
            pole, other_pole = self.rng.sample(scale, 2)
            word, other = self.rng.sample(pole, 2)
            contrary = self.rng.choice(other_pole)
            paragraphs.append(self.entries(word, other, ["opposite", "of", contrary]))
        return self.rng.sample(paragraphs, 4)

    def entries(self, word: str, other: str, meaning: list[str]) -> list[list[str]]:
        """Three sentences that say of two synonyms what they mean and that they are the same."""
        sentences = []
        for one, same in ((word, other), (other, word)):
            sentences += [[one, *meaning, "."], [one, "same", "as", same, "."]]
        return self.rng.sample(sentences, 3)

    # Task examples: (text, ..., label). Hypotheses are weakened alike whatever the label, so that
    # they do not give it away by themselves.

    def paraphrase(self, event: Event, told: list[str]) -> list[str]:
        """Another sentence than `told` that says `event`."""
        sentence = told
        while sentence == told:
            sentence = self.retell(event, told, 0.5)
        return sentence

    def mnli(self) -> tuple[list[str], list[str], int]:
        """Premise, hypothesis; 0 entailment, 1 neutral, 2 contradiction."""
        event = self.event(self.any_topic())
        label = self.rng.randrange(3)
        if label == 0:
            hypothesis = event
        elif label == 1:
            hypothesis = self.change(event, 1)
        else:
            hypothesis = self.contradict(event)
        hypothesis = self.weaken(hypothesis, self.rng.choice((0, 1, 2)), event)
        premise = self.tell(event)
        return premise, self.paraphrase(hypothesis, premise), label

    def rte(self) -> tuple[list[str], list[str], int]:
        """A premise of two sentences, a hypothesis on one of them; 0 entailment, 1 not."""
        topic = self.any_topic()
        event, aside = self.event(topic), self.event(topic)
        label = self.rng.randrange(2)
        hypothesis = self.change(event, 3) if label else event
        hypothesis = self.weaken(hypothesis, self.rng.choice((0, 1, 2)), event)
        told = self.tell(event)
        one, two = self.rng.sample([told, self.tell(aside)], 2)
        return one + two, self.paraphrase(hypothesis, told), label

    def sst2(self) -> tuple[list[str], int]:
        """A sentence with an opinion; 1 positive, 0 negative."""
        topic, label = self.any_topic(), self.rng.randrange(2)
        thing = self.thing(self.lexicon.topics[topic].objects)
        return self.opinion(topic, thing, label, negation=0.2, concession=0.4), label

    def mrpc(self) -> tuple[list[str], list[str], int]:
        """Two sentences; 1 (68 %) if one paraphrases the other, else 0."""
        event = self.event(self.any_topic(), detail=0.5)
        label = int(self.chance(0.68))
        if label:
            other = event
        elif self.chance(0.6):
            other = self.change(event, 2)
        else:
            other = self.contradict(event)
        first = self.tell(event)
        return first, self.paraphrase(other, first), label


def documents(lexicon: Lexicon, seed: int, paragraphs: int) -> list[list[list[str]]]:
    """Unlabelled text of `paragraphs` paragraphs: documents of paragraphs of sentences."""
    writer = Writer(lexicon, random.Random(f"text {seed}"))
    text, missing = [], paragraphs
    while missing > 0:
        document = writer.document()[:missing]
        text.append([[" ".join(sentence) for sentence in paragraph] for paragraph in document])
        missing -= len(document)
    return text


def is_dev(sentence: str) -> bool:
    """Whether a sentence belongs to the dev sets: a fixed quarter of all sentences does."""
    return zlib.crc32(sentence.encode()) % 4 == 0


def examples(lexicon: Lexicon, task: str, split: str, seed: int, count: int) -> list[tuple]:
    """`count` different examples (sentence, ..., label) of a task's split, `train` or `dev`.

    Train and dev share no sentence, since each sentence belongs to one of them by its own words:
    that, unlike leaving out what was seen, makes neither split poorer in short sentences. Raises
    InputError when the language has no more examples of the task to give.
    """
    writer = Writer(lexicon, random.Random(f"{task} {split} {seed}"))
    draw = getattr(writer, task)
    found: dict[tuple, None] = {}
    repeats = 0
    while len(found) < count:
        *texts, label = draw()
        texts = [" ".join(words) for words in texts]
        if any(is_dev(text) != (split == "dev") for text in texts):
            continue
        example = (*texts, label)
        repeats = repeats + 1 if example in found else 0
        if repeats > 1000:
            key = f"tasks.{task}.grammar.{split}"
            raise InputError(f"{key}: {count}; the language has {len(found)} different ones")
        found[example] = None
    return list(found)
