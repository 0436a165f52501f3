"""What may stand in texts that people write: B074, and names that pass for others."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from core.foundation.naming.skeletons import skeleton
from core.foundation.naming.texts import Prose, Reason, Words, fault_of
from core.foundation.naming.titles import Title
from core.identity.values import Name


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200e", "\u200f", "\u061c"])
def test_a_character_that_turns_the_text_is_named_with_its_place(character: str) -> None:
    assert fault_of(f"approved {character}for all", has_lines=True) == (
        f"character 10 changes the direction of the text; remove U+{ord(character):04X}"
    )


@pytest.mark.parametrize(
    "character",
    [
        *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\u3164", "\ufe0f", "\U000e0041"),
        *("\u2065", "\ufff0", "\u2800", "\U0001d159", "\U00016fe4", "\U000e0fff", "\U000e0100"),
    ],
)
def test_what_is_not_to_be_seen_is_refused(character: str) -> None:
    assert "character 6 is not to be seen" in fault_of(f"churn{character} risk")
    assert "character 1 is not to be seen" in fault_of(f"{character} risk")


@pytest.mark.parametrize("hidden", ["\U0001f3f4\U000e0079\U000e0065\U000e0073", "\u2764\ufe0f\ufe0f"])
def test_a_picture_carries_no_unseen_letters_along(hidden: str) -> None:
    assert "is not to be seen" in fault_of(f"Risk {hidden}")


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", "\u2028", "\ud800"])
def test_a_control_character_is_part_of_no_text(character: str) -> None:
    assert "character 3 is no part of a line" in fault_of(f"ab{character}", has_lines=True)


def test_lines_stand_in_longer_texts_only() -> None:
    assert fault_of("first\n\tsecond", has_lines=True) == ""
    assert fault_of("first\nsecond") == "character 6 is no part of a line; remove U+000A"


@pytest.mark.parametrize(
    ("text", "word"),
    [("Chu\u0433n risk", "Chu\u0433n"), ("pr\u03bfduction", "pr\u03bfduction"), ("a \u0410dmin", "\u0410dmin")],
)
def test_a_word_in_two_alphabets_is_refused(text: str, word: str) -> None:
    assert f"\u201c{word}\u201d mixes" in fault_of(text)
    assert f"\u201c{word}\u201d mixes" in fault_of(f"A note.\n{text}", has_lines=True)


@pytest.mark.parametrize(
    "text",
    [
        "\u6d41\u5931\u98ce\u9669churn\u6a21\u578b",
        "\u30c1\u30e3\u30fc\u30f3AI",
        "\uc774\ud0c8model",
        "\u041e\u0442\u0442\u043e\u043a \u043a\u043b\u0438\u0435\u043d\u0442\u043e\u0432 v2",
        "\u0410-Team",
        "\u03bb-calculus, 5 \u00b5s",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "\U0001f469\u200d\U0001f52c at work, \u2764\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\U0001f3f3\ufe0f\u200d\U0001f308 1\ufe0f\u20e3",
        "\u2813\u2811\u2800\u2807",
        "Gr\u00f6\u00dfe na\u00efve \u0130stanbul",
        "[see](javascript:alert(1)) <b>bold</b>\n\t\u6279\u51c6 \u0645\u0642\u0628\u0648\u0644",
    ],
)
def test_what_is_written_in_the_world_is_kept(text: str) -> None:
    assert fault_of(text, has_lines=True) == ""


@pytest.mark.parametrize("kind", [Prose, Reason, Words, Title, Name])
def test_every_type_of_text_refuses_it(kind: Any) -> None:
    assert TypeAdapter(kind).validate_python("a plain text") == "a plain text"
    for text in ("a \u202etext", "a \u200btext", "a t\u0435xt"):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("\u0441\u043e\u0441\u043e", "coco"),
        ("churn 1", "churn l"),
        ("model O", "model 0"),
        ("modern", "modem"),
        ("\uff43\uff48\uff55\uff52\uff4e", "churn"),
        ("\U0001d41c\U0001d421\U0001d42e\U0001d42b\U0001d427", "churn"),
        ("Gro\u0308\u00dfe", "Gr\u00f6\u00dfe"),
        ("churn  risk", "churn risk"),
        ("churn\u00a0\u2009risk", "churn risk"),
        ("\u2764 churn", "\u2764\ufe0f churn"),
        ("ri\u0307sk", "risk"),
        ("r\u0131\u0307sk", "risk"),
    ],
)
def test_names_that_look_the_same_have_one_skeleton(name: str, other: str) -> None:
    assert skeleton(name) == skeleton(other)


def test_names_that_look_different_have_two() -> None:
    names = ["churn", "Churn", "chum risk", "\u00e9t\u00e9", "ete", "\u6d41\u5931", "\u98ce\u9669", "v1", "v2"]
    assert len({skeleton(name) for name in names}) == len(names)
