"""What the visitor owns: goals with what was measured for them, and feature views whose data is late."""

from app.requirements.progress import Candidate, best, candidates, cell
from app.session import actor, may, portal
from app.ui import frame, links
from app.ui.health import healths_of
from app.ui.wording import criterion_line
from core.features.catalog.search import CatalogFeature
from core.foundation.text import _
from core.identity.permissions import Permission
from core.requirements.values import Requirement

MOST = 3
READ = 200


def goals() -> None:
    """The visitor's own open requirements, with what serves for them, else the version that comes nearest."""
    me = actor().person_id
    requirements = portal().requirements.list_requirements(actor(), state="open", limit=READ).items
    own = [requirement for requirement in requirements if requirement.owner == me]
    if not own:
        return
    hint = _("{n} of {total}").format(n=MOST, total=len(own)) if len(own) > MOST else str(len(own))
    frame.section(_("Your goals"), hint=hint)
    healths = healths_of(requirement.id for requirement in own[:MOST])
    with frame.rows("goals"):
        for requirement in own[:MOST]:
            health = healths.get(requirement.id)
            frame.row(
                f"goal_{requirement.id}",
                title=requirement.title,
                target=requirement.id,
                detail=_progress(requirement, best(candidates(requirement))),
                state=health.state if health else requirement.state,
            )


def _progress(requirement: Requirement, leading: Candidate | None) -> str:
    """One version, and each condition with its own figure for it."""
    if leading is None:
        return " · ".join(links.escape(criterion_line(criterion)) for criterion in requirement.criteria)
    conditions = [
        f"{links.escape(criterion_line(criterion))}: {cell(assessment)}"
        for criterion, assessment in zip(requirement.criteria, leading.assessments, strict=True)
    ]
    place = leading.endpoints[0] if leading.endpoints else _("not serving")
    return f"**{links.escape(leading.title)}**, {links.escape(place)}  \n" + " · ".join(conditions)


def late_features() -> None:
    """The visitor's own feature views that an endpoint needs and whose newest row is older than was promised."""
    if not may(Permission.FEATURE_SQL):
        return
    catalog = portal().feature_catalog
    listing = catalog.catalog(actor(), owner=actor().person_id, use="live", fresh="stale", limit=READ)
    late = {feature.view_id: feature for feature in reversed(listing.items)}
    if not late:
        return
    frame.section(_("Your features"), hint=_("{n} stale").format(n=len(late)))
    with frame.rows("late_features"):
        for feature in list(late.values())[:MOST]:
            _late(feature)


def _late(feature: CatalogFeature) -> None:
    frame.row(
        f"late_{feature.view_id}",
        title=links.title_of(feature.view_id, feature.view),
        target=feature.view_id,
        value=f":gray[v{feature.version}]",
        state="stale",
    )
