"""Topics for training: so varied, down to invented words, that copying them is the only way to name them."""

import random

from .voice import Voice, articles, choose, fill, lines, lists

_PARTS = lists(lines("syllables.txt"))
_CODAS = tuple(coda.strip("-") for coda in _PARTS["coda"])


def _common_characters() -> list[str]:
    """The 3,755 first-level characters of GB 2312, in its own order."""
    pairs = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    decoded = (pair.decode("gb2312", "ignore") for pair in pairs)
    return [character for character in decoded if character]


HAN = _common_characters()


def invented_word(rng: random.Random) -> str:
    """A pronounceable word that nobody has used."""
    syllables = rng.choices((1, 2, 3, 4), (3, 6, 3, 1))[0]
    word = "".join(rng.choice(_PARTS["onset"]) + rng.choice(_PARTS["vowel"]) for _ in range(syllables - 1))
    if rng.random() < 0.25 and syllables > 1:
        word = rng.choice("aeiou") + word
    word += rng.choice(_PARTS["onset"]) + rng.choice(_PARTS["vowel"]) + rng.choice(_CODAS)
    if rng.random() < 0.3:
        word += rng.choice(_PARTS["ending"])
    return word


def name(rng: random.Random) -> str:
    """An invented name of a person or place."""
    return " ".join(invented_word(rng).capitalize() for _ in range(rng.choice((1, 1, 1, 2))))


def _noun(words: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(words["plural"])
    if kind < 0.5:
        return rng.choice(words["mass"])
    if kind < 0.75:
        return invented_word(rng)
    return f"{invented_word(rng)} {invented_word(rng) if rng.random() < 0.4 else rng.choice(words['plural'])}"


def _english(words: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.12:
        return _noun(words, rng)
    if kind < 0.24:
        return f"{rng.choice(words['adj']) if rng.random() < 0.6 else invented_word(rng)} {_noun(words, rng)}"
    if kind < 0.34:
        return f"the {rng.choice(words['kind'])} of {_noun(words, rng) if rng.random() < 0.7 else name(rng)}"
    if kind < 0.44:
        return f"{rng.choice(words['gerund'])} {_noun(words, rng)}"
    if kind < 0.52:
        return f"{_noun(words, rng)} and {_noun(words, rng)}"
    if kind < 0.72:
        text = name(rng)
        return f"{rng.choice(words['place'])} {text}" if rng.random() < 0.2 else text
    if kind < 0.80:
        inner = rng.choice(words["singular"]) if rng.random() < 0.6 else invented_word(rng)
        if rng.random() < 0.6:
            inner = f"{rng.choice(words['adj'])} {inner}"
        article = rng.choice(("the", "an" if inner[0] in "aeiou" else "a"))
        return f"{article} {inner}"
    if kind < 0.87:
        return f"{_noun(words, rng)} in {name(rng)}"
    if kind < 0.93:
        return f"{name(rng)} {_noun(words, rng)}"
    return " ".join(invented_word(rng) for _ in range(rng.choice((1, 2, 3))))


def _chinese(words: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    def invented(least: int = 1, most: int = 4) -> str:
        return "".join(rng.choice(HAN) for _ in range(rng.randint(least, most)))

    def noun() -> str:
        return rng.choice(words["noun"]) if rng.random() < 0.4 else invented(2)

    kind = rng.random()
    if kind < 0.15:
        return noun()
    if kind < 0.27:
        return rng.choice(words["adj"]) + noun()
    if kind < 0.39:
        return noun() + ("的" if rng.random() < 0.7 else "") + rng.choice(words["kind"])
    if kind < 0.47:
        return rng.choice(words["verb"]) + noun()
    if kind < 0.54:
        return noun() + rng.choice("与和") + noun()
    if kind < 0.80:
        return invented(2, 5)
    if kind < 0.92:
        return invented(1, 3) + rng.choice(words["suffix"])
    return invented(2, 3) + noun()


def topic(voice: Voice, rng: random.Random) -> str:
    """A noun phrase of either number, as a user would type it."""
    return (_english if voice.language == "en" else _chinese)(voice.topics, rng)


def request(voice: Voice, subject: str, words: int | None, rng: random.Random) -> str:
    """An instruction about `subject`; frames that state the count are used only where `words` is given."""
    frames = voice.requests
    while True:
        frame = rng.choice(frames)
        if words is not None or "{w}" not in frame:
            break
    stated = str(words)
    if words and voice.language == "en" and words > 999 and rng.random() < 0.3:
        stated = f"{words:,}"

    def value(slot: str) -> str:
        if slot == "t":
            return subject
        if slot == "t2":
            return topic(voice, rng)
        if slot == "w":
            return stated
        if slot == "name":
            return name(rng) if voice.language == "en" else "".join(rng.choice(HAN) for _ in range(rng.choice((2, 3))))
        if slot in ("genre", "aud") and rng.random() < 0.12:
            return invented_word(rng) if voice.language == "en" else rng.choice(HAN) + rng.choice(HAN)
        return rng.choice(voice.pools[slot])

    text = fill(choose(frame, rng), value)
    if voice.language == "en":
        text = articles(text)
        if rng.random() < 0.12:
            text = text[:1].lower() + text[1:]
        if rng.random() < 0.12:
            text += (" " if text.endswith(("?", ".")) else ". ") + rng.choice(voice.pools["extra"])
        if rng.random() < 0.4 and text[-1] not in "?.":
            text += "."
    elif rng.random() < 0.4 and text[-1] not in "？。":
        text += "。"
    return text
