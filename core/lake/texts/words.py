"""Yes and no in the languages of those who fill in tables."""

from functools import partial
from typing import TYPE_CHECKING

from core.foundation.text import N_
from core.lake.texts.notations import Family, Notation, rewritten

if TYPE_CHECKING:
    import pyarrow as pa

PAIRS = (
    "yes/no",
    "y/n",
    "t/f",
    "on/off",
    "ja/nein",
    "j/n",
    "wahr/falsch",
    "oui/non",
    "o/n",
    "vrai/faux",
    "sí/no",
    "si/no",
    "s/n",
    "verdadero/falso",
    "sì/no",
    "vero/falso",
    "sim/não",
    "ja/nee",
    "tak/nie",
    "да/нет",
    "是/否",
)


def _true_and_false(cells: "pa.Array", *, yes: str, no: str) -> "pa.Array":
    return rewritten(cells, (f"^(?i:{yes})$", "true"), (f"^(?i:{no})$", "false"))


def _notation(pair: str) -> Notation:
    yes, no = pair.split("/")
    return Notation(pair, N_("yes and no"), Family.WORD, f"^(?i:{yes}|{no})$", partial(_true_and_false, yes=yes, no=no))


WORDS = tuple(map(_notation, PAIRS))
# Two words of different pairs are no pair.
ANY_WORD = "^(?i:" + "|".join(sorted({word for pair in PAIRS for word in pair.split("/")})) + ")$"
