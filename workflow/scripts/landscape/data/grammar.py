"""The embedded study's small language: a lexicon, unlabelled text and four labelled tasks.

Its words fall into latent classes that no text names: topics whose words keep company, synonyms,
kinds, opposites, good and bad words. A network can learn them from much unlabelled text, hardly
from a task's few hundred examples: that is what makes pre-training worth while here. Sentences
are telegraphic (no articles), so that this takes a small network minutes and not hours.

An ``Event`` is what a sentence about the world means; ``Writer.tell`` finds words for it. Labels
come from how the meanings of two sentences relate, never from their words:

========== ============================================================== ======================
relation   the second event ...                                           stands for
========== ============================================================== ======================
same       is the first one, in other words                               paraphrase, entailment
weaken     leaves details out or names a kind for a thing                 entailment
change     is about another thing, or adds a detail that was not told     neutral
contradict turns the verb or a negation around                            contradiction
========== ============================================================== ======================

Only ``random.Random`` with seeds made of numbers and names: the same on any machine and in any
process.
"""

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from landscape.jobs.command import InputError

CONNECTIVES = {
    "same": ("namely", "indeed"),
    "weaken": ("so", "thus"),
    "contradict": ("rather", "instead"),
    "change": ("also", "meanwhile"),
}
PREPOSITIONS = ("in", "near", "at")
NEGATIONS = ("not", "never")
INTENSIFIERS = ("very", "quite", "truly")
PRONOUNS = ("we", "i")
FUNCTION_WORDS = (
    *(".", "was", "by", "it", "although", "but", "kind", "of", "same", "as", "opposite"),
    *(word for words in CONNECTIVES.values() for word in words),
    *(*PREPOSITIONS, *NEGATIONS, *INTENSIFIERS, *PRONOUNS),
)

ONSETS = (*"bdfgklmnprstvz", "br", "dr", "gl", "kr", "pl", "st", "tr", "sk")
VOWELS = (*"aeiou", "ai", "ou")
CODAS = ("", *"nrslkmt")

TASKS = {
    "mnli": ("sentence1", "sentence2"),
    "rte": ("sentence1", "sentence2"),
    "sst2": ("sentence",),
    "mrpc": ("sentence1", "sentence2"),
}
"""The columns of text of each task; `label` comes with them."""


Scales = list[list[list[str]]]
"""Scale, pole, synonym: the two poles of a scale are opposites."""


@dataclass(frozen=True)
class Nouns:
    """What can take one role, the adjectives that go with it, and the word for its kind."""

    kind: str
    concepts: list[list[str]]  # concept, synonym
    adjectives: Scales


@dataclass(frozen=True)
class Topic:
    """The words of one topic. A noun is either an agent or an object: the word tells its role."""

    agents: Nouns
    objects: Nouns
    verbs: Scales
    verdicts: list[list[str]]  # polarity (0 bad, 1 good), word
    places: list[str]


class Lexicon:
    """All words of the language, made up from a seed.

    `topics` is a list of `Topic`, `feelings` the verbs of liking by polarity, and `words` all
    words in a fixed order, function words first.
    """

    def __init__(
        self,
        seed: int,
        topics: int = 3,
        concepts: int = 4,
        verb_scales: int = 2,
        adjective_scales: int = 1,
        synonyms: int = 2,
        verdicts: int = 6,
        feelings: int = 2,
        places: int = 2,
    ):
        rng = random.Random(f"lexicon {seed}")
        self.words = list(FUNCTION_WORDS)
        known = set(self.words)

        def new_words(count: int) -> list[str]:
            made = []
            while len(made) < count:
                syllables = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(2))
                word = syllables + rng.choice(CODAS)
                if word not in known:
                    known.add(word)
                    made.append(word)
            self.words += made
            return made

        def new_scales(count: int) -> Scales:
            return [[new_words(synonyms) for _ in range(2)] for _ in range(count)]

        def new_nouns() -> Nouns:
            return Nouns(
                kind=new_words(1)[0],
                concepts=[new_words(synonyms) for _ in range(concepts)],
                adjectives=new_scales(adjective_scales),
            )

        self.topics = [
            Topic(
                agents=new_nouns(),
                objects=new_nouns(),
                verbs=new_scales(verb_scales),
                verdicts=[new_words(verdicts) for _ in range(2)],
                places=new_words(places),
            )
            for _ in range(topics)
        ]
        self.feelings = [new_words(feelings) for _ in range(2)]


class Event(NamedTuple):
    """What one sentence says. Details that are not told are None.

    Agent and object are numbers of concepts, or None for any of their kind. Verb and adjectives
    are (scale, pole), a place is (preposition, word).
    """

    topic: int
    agent: int | None
    verb: tuple[int, int]
    object: int | None
    negated: bool
    agent_adjective: tuple[int, int] | None
    object_adjective: tuple[int, int] | None
    place: tuple[str, str] | None


THINGS = ("agent", "object")
ADJECTIVES = ("agent_adjective", "object_adjective")
DETAILS = (*ADJECTIVES, "place")


def opposite(scaled: tuple[int, int]) -> tuple[int, int]:
    """The other pole of the same scale."""
    scale, pole = scaled
    return scale, 1 - pole


Suits = Callable[[str], bool]


def any_word(word: str) -> bool:
    """Every word suits."""
    return True


class Writer:
    """Draws events, the words that tell them, text and task examples, all from one generator."""

    def __init__(self, lexicon: Lexicon, rng: random.Random):
        self.lexicon = lexicon
        self.rng = rng

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # Events and their relations

    def event(self, topic: int, detail: float = 0.4, negation: float = 0.12) -> Event:
        """An event of a topic; each detail is told with probability `detail`."""
        words = self.lexicon.topics[topic]

        def maybe(draw, source):
            return draw(source) if self.chance(detail) else None

        return Event(
            topic=topic,
            agent=self.thing(words.agents),
            verb=self.scaled(words.verbs),
            object=self.thing(words.objects),
            negated=self.chance(negation),
            agent_adjective=maybe(self.scaled, words.agents.adjectives),
            object_adjective=maybe(self.scaled, words.objects.adjectives),
            place=maybe(self.place, words.places),
        )

    def any_topic(self) -> int:
        return self.rng.randrange(len(self.lexicon.topics))

    def thing(self, nouns: Nouns) -> int | None:
        return None if self.chance(0.1) else self.rng.randrange(len(nouns.concepts))

    def scaled(self, scales: Scales) -> tuple[int, int]:
        return self.rng.randrange(len(scales)), self.rng.randrange(2)

    def place(self, places: list[str]) -> tuple[str, str]:
        return self.rng.choice(PREPOSITIONS), self.rng.choice(places)

    def weaken(self, event: Event, parts: int, premise: Event | None = None) -> Event:
        """`event` with up to `parts` details left out or things generalised: it follows from it.

        With a `premise`, only what the two have in common is weakened, so that what makes `event`
        no consequence of `premise` stays. Nothing is weakened beside a denial, which does not carry
        over to more general claims.
        """
        premise = premise or event
        if premise.negated:
            return event
        common = [
            part
            for part in THINGS + DETAILS
            if getattr(event, part) is not None and getattr(event, part) == getattr(premise, part)
        ]
        chosen = self.rng.sample(common, min(parts, len(common)))
        return event._replace(**dict.fromkeys(chosen))

    def change(self, event: Event, parts: int) -> Event:
        """What `event` leaves open: up to `parts` things become others or details are added."""
        words = self.lexicon.topics[event.topic]
        nouns = {"agent": words.agents, "object": words.objects}
        open_parts = [*THINGS, *(part for part in DETAILS if getattr(event, part) is None)]
        changed = {}
        for part in self.rng.sample(open_parts, min(parts, len(open_parts))):
            if part == "place":
                changed[part] = self.place(words.places)
            elif part in ADJECTIVES:
                changed[part] = self.scaled(nouns[part.removesuffix("_adjective")].adjectives)
            else:
                concepts = range(len(nouns[part].concepts))
                changed[part] = self.rng.choice([c for c in concepts if c != getattr(event, part)])
        return event._replace(**changed)

    def contradict(self, event: Event) -> Event:
        """What cannot hold beside `event`: its verb or its negation turned around."""
        if self.chance(0.5):
            return event._replace(negated=not event.negated)
        return event._replace(verb=opposite(event.verb))

    # Words for meanings. A sentence is a list of words.

    def word(self, synonyms: list[str], suits: Suits = any_word) -> str:
        """One of the synonyms, one that suits if there is any."""
        return self.rng.choice([word for word in synonyms if suits(word)] or synonyms)

    def noun(self, nouns: Nouns, thing: int | None, suits: Suits = any_word) -> str:
        return nouns.kind if thing is None else self.word(nouns.concepts[thing], suits)

    def tell(self, event: Event, suits: Suits = any_word) -> list[str]:
        """A sentence that says `event`, active or passive, the place first or last."""
        words = self.lexicon.topics[event.topic]

        def choose(scales, scaled):
            scale, pole = scaled
            return self.word(scales[scale][pole], suits)

        def phrase(nouns, thing, adjective):
            noun = [self.noun(nouns, thing, suits)]
            return [choose(nouns.adjectives, adjective), *noun] if adjective else noun

        agent = phrase(words.agents, event.agent, event.agent_adjective)
        object_ = phrase(words.objects, event.object, event.object_adjective)
        verb = ["not"] * event.negated + [choose(words.verbs, event.verb)]
        if self.chance(0.25):
            sentence = [*object_, "was", *verb, "by", *agent]
        else:
            sentence = [*agent, *verb, *object_]
        if event.place and self.chance(0.25):
            sentence = [*event.place, *sentence]
        elif event.place:
            sentence = [*sentence, *event.place]
        return [*sentence, "."]

    def retell(self, event: Event, told: list[str], new_words: float) -> list[str]:
        """Say `event`, with probability `new_words` in other words than `told`, else in the same.

        All or none of a sentence's words: a network learns to compare on the plain repetitions.
        """
        new = self.chance(new_words)
        return self.tell(event, lambda word: (word in told) != new)

    def opinion(
        self, topic: int, thing: int | None, polarity: int, negation: float, concession: float
    ) -> list[str]:
        """A sentence that praises (polarity 1) or blames (0) a thing.

        With probability `negation` a clause negates the opposite verdict, with probability
        `concession` it first concedes the contrary.
        """

        def clause(polarity):
            if self.chance(negation):
                start, polarity = [self.rng.choice(NEGATIONS)], 1 - polarity
            else:
                start = [self.rng.choice(INTENSIFIERS)] if self.chance(0.3) else []
            verdicts = self.lexicon.topics[topic].verdicts[polarity]
            return start + self.rng.sample(verdicts, 2 if self.chance(0.7) else 1)

        noun = self.noun(self.lexicon.topics[topic].objects, thing)
        if not self.chance(concession):
            return [noun, "was", *clause(polarity), "."]
        if self.chance(0.5):
            return ["although", noun, *clause(1 - polarity), "it", *clause(polarity), "."]
        return [noun, *clause(1 - polarity), "but", "it", *clause(polarity), "."]

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
