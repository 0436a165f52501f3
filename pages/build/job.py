"""Job."""

from app import frame
from core.foundation.text import _

frame.header(_("Job"))
frame.empty(_("Nothing here yet"), advice=_("What you make will appear here."))
