"""Whether an installation can be of use, by everything that it rests on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import select

from core.audit.journal import AuditJournal
from core.compute.own_files import ASIDE, files_aside
from core.compute.parts import check_parts
from core.foundation.actions.call import Foundation
from core.foundation.database import Database
from core.foundation.errors import Unavailable
from core.foundation.observability.health import FINE, Check, Health, checks_of
from core.foundation.text import N_, _
from core.serving.tables import EndpointRow
from core.serving.values import Server

# What each check is about, for people.
TITLES: Mapping[str, str] = {
    "database": N_("Database"),
    "store": N_("Store"),
    "disk": N_("Disk"),
    "audit": N_("Audit log"),
    "parts": N_("Processes"),
    "model_servers": N_("Model servers"),
}
SET_ASIDE = N_("{name} could not be read and was made anew; what it was is kept as {path}")


def health_of(base: Foundation) -> Health:
    """The health of an installation, for processes that say how they are."""
    home, least_free_mb = base.settings.home, base.settings.least_free_mb
    checks: dict[str, Check] = {
        **checks_of(base.database, store=base.store, home=home, least_free_mb=least_free_mb),
        "audit": lambda: AuditJournal(home).sign_what_is_due(base.database),
        "parts": lambda: check_parts(home),
        "model_servers": lambda: _check_model_servers(base.database),
    }
    return Health(checks)


def _check_model_servers(database: Database) -> None:
    """Unavailable while some rest after starts that failed. Everybody may ask: the page of the endpoint says which
    model it is, and why."""
    with database.read() as session:
        now, rows = database.now(session), session.exec(select(EndpointRow.id, EndpointRow.servers)).all()
    resting = [endpoint_id for endpoint_id, servers in rows if any(_rests(server, now) for server in servers)]
    if resting:
        words = _("A model server rests after starts that failed, of: {endpoints}")
        raise Unavailable(words.format(endpoints=", ".join(sorted(resting))))


def _rests(server: dict[str, Any], now: datetime) -> bool:
    until = Server.model_validate(server).rests_until
    return until is not None and until > now


def troubles_of(base: Foundation) -> dict[str, str]:
    """What is wrong, in words, by the title of what it is about; files that were set aside are no trouble any more and
    said all the same."""
    report = health_of(base).report()
    troubles = {_(TITLES[name]): words for name, words in report.items() if words != FINE}
    home = base.settings.home
    notes = {
        file.name: _(SET_ASIDE).format(name=file.name.partition(ASIDE)[0], path=file.relative_to(home))
        for file in files_aside(home)
    }
    return troubles | notes
