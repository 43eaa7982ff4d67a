"""The embedded study's words, made up from a seed.

They fall into latent classes that no text names: topics whose words keep company, synonyms, kinds,
opposites, good and bad words.
"""

import random
from dataclasses import dataclass

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
