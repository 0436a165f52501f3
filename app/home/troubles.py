"""What is wrong with the installation itself, for everyone: it is why things wait."""

from app.session import portal, unless_changed
from app.ui import frame, links
from core.foundation.text import _
from core.health.readiness import troubles_of

# A disk fills up and a process ends without anyone committing anything.
MOST_SECONDS = 10.0


def troubles() -> None:
    """Nothing where all is well."""
    known = unless_changed("troubles", lambda: troubles_of(portal().foundation), most_seconds=MOST_SECONDS)
    if not known:
        return
    frame.section(_("This installation"), hint=str(len(known)))
    with frame.rows("troubles"):
        for title, words in known.items():
            frame.row(f"trouble_{title}", title=title, detail=links.escape(words), icon=":orange[:material/warning:]")
