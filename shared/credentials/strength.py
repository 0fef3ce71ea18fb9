"""Whether a password can only have come from a random generator. Pure; in doubt it says no.

What passes may be kept as a fast hash, so the estimate is a low one. A password passes with

- at least 22 characters;
- ``characters × log2(different ones)`` of 64 bits or more, without the characters that go on with a run
  (``aaa``, ``456``, ``qwer``, ``1qaz``) or end a repetition of three characters seen before;
- at least three letter pairs, of which fewer than 46 % are frequent within words (``0`` read as ``o``, ``$`` as
  ``s`` …), those of ``j``, ``q`` or ``x`` and a consonant taken off; all-hexadecimal ones need three letters only.

What gets through although somebody chose it are rows of rare words with many bits of their own.
"""

import itertools
import math
import re

SHORTEST = 22  #: 128 random bits in base64
BITS = 64  #: decades at 10 billion tries a second against one salted SHA-256, and the estimate is a low one
_WORDLIKE = 0.46  #: words have 50 to 90 % frequent pairs, random letters 25 %: one in 30 is taken for words

_ROWS = ("`1234567890-=", " qwertyuiop[]\\", " asdfghjkl;'", " zxcvbnm,./")
_SHIFTED = str.maketrans('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./")
_KEYS = {key: (x, y) for y, row in enumerate(_ROWS) for x, key in enumerate(row) if key != " "}
_HEX = re.compile(r"[0-9a-f-]+")
_LETTERS = str.maketrans("0134578@$!|", "oieastbasil")
_VOWELS = frozenset("aeiouy")
_STRANGE = frozenset("jqx")  #: hardly ever beside another consonant
#: what often follows a letter within words of English, German, French, Spanish, Dutch and Italian
# fmt: off
_FOLLOWS = {
    "a": "cdgilmnprstuv", "b": "aeior", "c": "aehikoru", "d": "aeio", "e": "acdeilmnrstv", "f": "aeior",
    "g": "ehior", "h": "aeio", "i": "cdefgklmnorstv", "k": "ei", "l": "aeilou", "m": "aeimop", "n": "adeginost",
    "o": "cdfglmnoprstuw", "p": "aeopr", "q": "u", "r": "adeimorstu", "s": "acehiopstu", "t": "aehiortu",
    "u": "aeilmnrst", "v": "aeio", "w": "aeio",
}
# fmt: on


def is_random(password: str) -> bool:
    """Whether the password passes the test above."""
    if len(password) < SHORTEST:
        return False
    if _is_wordlike(password):
        return False
    return _unforeseen(password) * math.log2(len(set(password.lower()))) >= BITS


def _is_wordlike(password: str) -> bool:
    folded = password.lower()
    if _HEX.fullmatch(folded):
        return sum(map(str.isalpha, folded)) < 3
    read = folded.translate(_LETTERS)
    pairs = [(one, other) for one, other in itertools.pairwise(read) if one.isalpha() and other.isalpha()]
    frequent = sum(other in _FOLLOWS.get(one, "") for one, other in pairs)
    strange = sum(not _STRANGE.isdisjoint(pair) and _VOWELS.isdisjoint(pair) for pair in pairs)
    return len(pairs) < 3 or frequent - strange >= _WORDLIKE * len(pairs)


def _unforeseen(password: str) -> int:
    """How many characters neither go on with a run nor with what stood there before."""
    folded = password.lower()
    count, run = 0, 1
    for at, character in enumerate(folded):
        run = run + 1 if at and _is_step(folded[at - 1], character) else 1
        if run >= 3:
            count -= run == 3  # the second of the run was counted before it was seen to be one
        elif at < 2 or folded[at - 2 : at + 1] not in folded[:at]:
            count += 1
    return count


def _is_step(one: str, other: str) -> bool:
    if abs(ord(one) - ord(other)) <= 1:
        return True
    here, there = (_KEYS.get(key.translate(_SHIFTED)) for key in (one, other))
    return here is not None and there is not None and max(abs(here[0] - there[0]), abs(here[1] - there[1])) <= 1
