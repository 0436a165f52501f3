"""Handwritten digits: pictures of ten classes.

They are those of `digits.png`, one sheet of 50 pictures a line: the test set of the Optical Recognition of Handwritten
Digits by E. Alpaydin and C. Kaynak (UCI Machine Learning Repository, https://doi.org/10.24432/C50P49), whose licence is
CC BY 4.0. The sheet says that too, and has the labels in its text."""

import io
import zipfile
from pathlib import Path

from app.demonstration.chain import Attempt, Example, steps_of
from app.demonstration.walk import Demonstration
from core.features.training_sets.values import EntityQuery
from core.foundation.text import N_

SHEET, SIDE, IN_A_LINE = Path(__file__).with_name("digits.png"), 8, 50
# Enough to read nearly all of them; more cost a minute and gain nothing that can be told.
EPOCHS = 12


def content() -> bytes:
    """A ZIP of PNG files, in a folder for each digit."""
    from PIL import Image

    sink = io.BytesIO()
    with Image.open(SHEET) as sheet, zipfile.ZipFile(sink, "w") as archive:
        for number, digit in enumerate(sheet.info["Labels"]):
            y, x = (SIDE * place for place in divmod(number, IN_A_LINE))
            picture = io.BytesIO()
            sheet.crop((x, y, x + SIDE, y + SIDE)).save(picture, "PNG")
            archive.writestr(zipfile.ZipInfo(f"{digit}/{number:04d}.png"), picture.getvalue())
    return sink.getvalue()


def entity(snapshot_id: str) -> EntityQuery:
    return EntityQuery(
        sql="SELECT path AS id, path AS picture, label AS digit FROM digits",
        sources={"digits": snapshot_id},
        row_id="id",
        label="digit",
        task="multi_class",
        images={"picture": snapshot_id},
    )


DIGITS = Demonstration(
    name="digits",
    title=N_("Digits"),
    shows=N_("Pictures of ten classes, written by hand"),
    seconds=100,
    steps=steps_of(
        Example(
            name="digits",
            description=N_(
                "1,797 digits written by hand, 8 by 8 pixels: E. Alpaydin and C. Kaynak, UCI Machine Learning"
                " Repository, CC BY 4.0."
            ),
            filename="digits.zip",
            content=content,
            entity=entity,
            split_by="stratified",
            model="digit-reader",
            question=N_("Which digit was written by hand?"),
            attempts=(
                Attempt("image", N_("Small CNN"), {"width": 8, "epochs": EPOCHS}),
                Attempt("image", N_("ResNet"), {"width": 8, "network": "resnet", "epochs": EPOCHS}),
            ),
        )
    ),
)
