"""What a sentence of the embedded study's language means, and how it is told.

An ``Event`` is what a sentence about the world means; ``Speaker.tell`` finds words for it. How the
meanings of two sentences relate, never their words, is what labels come from:

========== ============================================================== ======================
relation   the second event ...                                           stands for
========== ============================================================== ======================
same       is the first one, in other words                               paraphrase, entailment
weaken     leaves details out or names a kind for a thing                 entailment
change     is about another thing, or adds a detail that was not told     neutral
contradict turns the verb or a negation around                            contradiction
========== ============================================================== ======================
"""

import random
from collections.abc import Callable
from typing import NamedTuple

from landscape.data.lexicon import INTENSIFIERS, NEGATIONS, PREPOSITIONS, Lexicon, Nouns, Scales


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


class Speaker:
    """Draws events, and the words that tell them, from one generator."""

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
