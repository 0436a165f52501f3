"""Files of text that are not UTF-8: the encoding that makes words of the bytes is proposed with what it rests on, a
person confirms it, and nothing is garbled in silence."""

import gzip
import re
from pathlib import Path

import pytest

from core.foundation.errors import Invalid
from core.lake.import_values import ImportChoices
from core.lake.readers.dispatch import read_files
from core.lake.readers.reader import Workspace
from core.lake.values import EncodingReading, FileEncoding
from tests.lake.readers.test_dispatch import reading_of

TEXTS = {
    "German": ("windows-1252", "name;ort\nMüller;Köln\nGroß;Nürnberg\nÄrger;Österreich\n"),
    "French": ("windows-1252", "nom,ville\nFrançois,Orléans\nÉlodie,Besançon\nL’été,Nîmes\n"),
    "signs": ("windows-1252", "a,b\n1,5 °C\n2,7 µm\n3,10 €\n"),
    "Polish": ("windows-1250", "imię;miasto\nPaweł;Łódź\nMałgorzata;Kraków\n"),
    "Russian": ("windows-1251", "имя;город\nИван;Москва\nОльга;Омск «центр»\n"),
    "Chinese": ("gb18030", "姓名,城市\n王伟,北京\n李娜,上海\n"),
    "Japanese": ("shift_jis", "名前,都市\n田中,東京\nアリス,大阪\n"),
    "an old Mac": ("macintosh", "nom,ville\nFrançois,Orléans\nÉlodie,Besançon\n"),
    "DOS": ("ibm850", "name;ort\nMüller;Köln\nGroß;Nürnberg\n"),
    "the euro of Unix": ("iso-8859-15", "a;b\nœuvre;viel €\n"),
}
CITY = "id,city\n1,Zürich\n"


@pytest.mark.parametrize("case", TEXTS)
def test_the_encoding_that_makes_words_of_the_bytes_is_proposed(case: str) -> None:
    encoding, text = TEXTS[case]
    reading = reading_of(text.encode(encoding))
    assert reading.encoding is not None
    assert (reading.encoding.reading.encoding, reading.encoding.is_asked) == (encoding, True)
    cells = [cell for row in reading.table.to_pylist() for cell in map(str, row.values())]
    assert cells == [cell for line in text.splitlines()[1:] for cell in re.split("[;,]", line)]


def test_a_proposal_says_what_it_rests_on_and_how_else_the_same_texts_could_be_read() -> None:
    reading = reading_of("id;name\n1;Müller\n2;x\n3;François\n4;Dvorák\n5;Groß\n".encode("windows-1252"))
    assert reading.encoding is not None
    assert (reading.encoding.lines, reading.encoding.reading.examples) == (4, ("Müller", "François", "Dvorák"))
    others = {other.encoding: other.examples for other in reading.encoding.others}
    assert others["ibm850"] == ("M³ller", "Franþois", "Dvorßk")
    assert reading.warnings[0] == (
        "The file is not UTF-8. It is read as windows-1252, for the 4 lines with letters beyond ASCII: "
        "'Müller', 'François', 'Dvorák'."
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_asked_about(encoding: str) -> None:
    reading = reading_of("a,b\n1,北京\n2,\n".encode(encoding))
    assert reading.encoding == FileEncoding(
        reading=EncodingReading(encoding="utf-16", examples=("北京", "2,")), is_asked=True
    )
    assert reading.table.to_pylist() == [{"a": 1, "b": "北京"}, {"a": 2, "b": None}]
    chosen = reading_of("a,b\n1,北京\n2,\n".encode(encoding), encoding="utf-16")
    assert chosen.encoding is not None
    assert (chosen.encoding.is_asked, chosen.table.to_pylist()) == (False, reading.table.to_pylist())


@pytest.mark.parametrize("chosen", ["", "utf-16", "windows-1252"])
def test_a_mark_says_the_encoding_and_needs_no_answer(chosen: str) -> None:
    reading = reading_of("a,b\n1,Zürich\n".encode("utf-16"), encoding=chosen)
    assert reading.encoding is not None
    assert (reading.encoding.reading.encoding, reading.encoding.is_asked) == ("utf-16", False)
    assert reading.table.to_pylist() == [{"a": 1, "b": "Zürich"}]


def test_an_encoding_that_was_chosen_needs_no_answer() -> None:
    reading = reading_of(CITY.encode("windows-1252"), encoding="ibm850")
    assert reading.encoding is not None
    assert (reading.encoding.is_asked, reading.table.to_pylist()) == (False, [{"id": 1, "city": "Z³rich"}])
    assert reading.encoding.others[0] == EncodingReading(encoding="windows-1252", examples=("Zürich",))
    assert reading.choices[0] == "The text is read as ibm850."


def test_no_choice_makes_another_text_of_utf_8() -> None:
    reading = reading_of(CITY.encode(), encoding="windows-1252")
    assert (reading.encoding, reading.table.to_pylist()) == (None, [{"id": 1, "city": "Zürich"}])
    assert reading.choices[0] == "The file is UTF-8, and so it was read."


@pytest.mark.parametrize("chosen", ["utf-8", "utf-16", "gb18030"])
def test_a_choice_that_the_bytes_contradict_is_refused_with_its_line(chosen: str) -> None:
    content = "id,city\n1,Noé\n".encode("windows-1252")
    line = 1 if chosen == "utf-16" else 2
    with pytest.raises(Invalid, match=f"Line {line} is not {'UTF-8' if chosen == 'utf-8' else chosen}") as refusal:
        reading_of(content, encoding=chosen)
    assert refusal.value.field == "choices.encoding"


@pytest.mark.parametrize("chosen", ["", "utf-8", "windows-1252", "gb18030"])
def test_a_file_of_two_encodings_is_refused_whatever_was_chosen(chosen: str) -> None:
    content = "a\n北京\n".encode() + "上海\n".encode("gb18030")
    with pytest.raises(Invalid, match="Line 3 is not UTF-8: the file mixes encodings"):
        reading_of(content, encoding=chosen)


def test_a_packed_file_and_json_lines_of_utf_16_are_read_as_what_they_are() -> None:
    packed = reading_of(gzip.compress(CITY.encode("windows-1252")), name="t.csv.gz")
    assert packed.encoding is not None
    assert (packed.encoding.is_asked, packed.table.to_pylist()) == (True, [{"id": 1, "city": "Zürich"}])
    rows = reading_of('{"a": 1, "b": "Zürich"}\n'.encode("utf-16"), name="t.jsonl")
    assert rows.table.to_pylist() == [{"a": 1, "b": "Zürich"}]


def test_several_files_are_asked_about_once_and_refused_where_they_differ(tmp_path: Path) -> None:
    workspace = Workspace(ImportChoices(), spill=tmp_path)
    texts = [CITY.encode(), CITY.encode("windows-1252"), "id,city\n1,Łódź\n".encode("windows-1250")]
    paths = [tmp_path / str(number) for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    whole = read_files(paths[:2], workspace=workspace)
    assert whole.encoding is not None
    assert (whole.encoding.reading.encoding, whole.encoding.is_asked) == ("windows-1252", True)
    assert whole.table.column("city").to_pylist() == ["Zürich", "Zürich"]
    with pytest.raises(Invalid, match="The files have several encodings: windows-1252, windows-1250"):
        read_files(paths, workspace=workspace)
