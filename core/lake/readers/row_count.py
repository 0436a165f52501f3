"""A table has rows, and few lines that are none."""

from core.foundation.errors import Invalid
from core.foundation.text import _

# Above this share of unreadable lines the file is not "a table with a few bad lines" but something else.
MOST_REJECTED = 0.01


def check_rows(rows: int, rejected: int) -> None:
    """Invalid for a table without rows, or with so many bad lines that it is none."""
    if rejected > MOST_REJECTED * (rows + rejected):
        raise Invalid(
            _("{rejected} of {rows} lines do not have the columns of the header").format(
                rejected=rejected, rows=rows + rejected
            ),
            hint=_("Check the separator, and that every row has a cell for every column."),
            field="content",
        )
    if not rows:
        raise Invalid(_("The file has a header and no rows"), field="content")
