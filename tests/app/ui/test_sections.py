"""How the values of evidence are drawn: every form, intervals, tones and links, and facts by their number."""

from streamlit.testing.v1 import AppTest

from tests import streamlit_client

NARROW, DASH = "\u202f", "\u202f\u2013\u2060\u202f"


def cells() -> None:
    from app.ui.sections import draw
    from core.promotion.evidence_kinds.content import Cell, Section, Sentence, Table

    shown = (
        Cell(value="a [b]"),
        Cell(value="a [b]", form="code"),
        Cell(value="log_loss", form="metric"),
        Cell(value=12_000, form="number"),
        Cell(value=11.25, form="exact"),
        Cell(value=0.2144, form="percent"),
        Cell(value=4.25, form="milliseconds", low=4, high=4.5),
        Cell(value=240.0, form="rate", low=210),
        Cell(value=1_100, form="bytes"),
        Cell(value=None, form="bytes"),
        Cell(value=0.01, form="difference", tone="good"),
        Cell(value=-0.01, form="difference", tone="bad"),
        Cell(value=0.001, form="difference", tone="unsure"),
        Cell(value="kept", tone="good"),
        Cell(value="broken", tone="bad"),
        Cell(value="EV 4", target="EV-4"),
        Cell(value="elsewhere", target="https://elsewhere.example"),
    )
    hint = Sentence(text="{n} of *them*", cells={"n": Cell(value=12_000, form="number")})
    table = Table(columns=("Cell",), rows=tuple((cell,) for cell in shown), alt="Cells")
    draw(Section(title="All", hint=hint, tables=(table, table), note="_Plain_"), key="all")


def facts() -> None:
    from app.ui import sections
    from core.promotion.evidence_kinds.content import Cell, Fact, Sentence

    given = [Fact(label=f"No {number}", cell=Cell(value=number, form="number")) for number in range(5)]
    share = Cell(value=0.5, form="percent", low=0.4, high=0.6)
    sections.facts(
        (Fact(label="Share", cell=share), Fact(label="Rows", cell=share, basis=Sentence(text="ours"))), key="a"
    )
    sections.facts(given, key="b")


def drawn(body: object) -> AppTest:
    test = streamlit_client.function(body).run()
    assert not test.exception
    return test


def test_every_form_is_written_in_its_way() -> None:
    test = drawn(cells)
    first, second = (table.value["Cell"].tolist() for table in test.table)
    assert first == second
    assert first == [
        "a \\[b\\]",
        "`a [b]`",
        "Log loss\u00a0\u2193",
        f"12{NARROW}000",
        "11.25",
        "21.44\u00a0%",
        f"4.2\u00a0ms :gray[4.0{DASH}4.5]",
        "240\u00a0rps :gray[at least 210]",
        "1.1\u00a0kB",
        "\u2014",
        ":green[+0.0100]",
        ":red[\u22120.0100]",
        ":gray[+0.0010 inconclusive]",
        ":green[:material/check_circle:]\u00a0kept",
        ":red[:material/cancel:]\u00a0broken",
        "[EV 4](evidence?id=EV-4)",
        "elsewhere",
    ]
    assert test.header[0].value == f"All :gray[12{NARROW}000 of \\*them\\*]"
    assert test.caption[0].value == "\\_Plain\\_"


def test_a_few_facts_stand_large_and_many_small() -> None:
    test = drawn(facts)
    assert [(metric.label, metric.value, metric.delta) for metric in test.metric] == [
        ("Share", "50 %", f"40 %{DASH}60 %"),
        ("Rows", "50 %", "ours"),
    ]
    assert test.markdown[0].value == " ".join(f":gray-badge[No {number} {number}]" for number in range(5))
