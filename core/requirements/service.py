"""Requirements: the goal that a chain of work answers to."""

from typing import Literal

from sqlmodel import col

from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.errors import Invalid
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.naming.names import refuse_lookalike
from core.foundation.naming.texts import Prose
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.requirements.tables import RequirementRow
from core.requirements.values import Criteria, Criterion, Requirement, Title


class RequirementService(Service):
    domain = "requirements"

    @action(permission=Permission.REQUIREMENT_WRITE, says=N_("created the requirement"))
    def create_requirement(
        self,
        call: Call,
        *,
        project: str,
        title: Title,
        goal: Prose = "",
        business_metric: Prose = "",
        criteria: Criteria,
    ) -> Requirement:
        """Create a requirement: a goal and the conditions that prove it reached."""
        call.may_reach_project(project)
        _refuse_twice(criteria)
        refuse_lookalike(call, title, kinds=(Kind.REQUIREMENT,), project=project, field="title")
        requirement_id = call.create(Kind.REQUIREMENT, project=project, title=title, state="open")
        call.about(requirement_id)
        row = RequirementRow(
            id=requirement_id,
            project=project,
            title=title,
            goal=goal,
            business_metric=business_metric,
            criteria=[criterion.model_dump(mode="json") for criterion in criteria],
            owner=call.actor.person_id,
            state="open",
            created_at=call.now,
        )
        call.session.add(row)
        return requirement_of(row)

    @action(permission=Permission.REQUIREMENT_WRITE, says=N_("changed the requirement"))
    def edit_requirement(
        self, call: Call, *, requirement_id: str, title: Title, goal: Prose, business_metric: Prose, criteria: Criteria
    ) -> Requirement:
        """Change a requirement. Requests for promotion that are open keep the criteria they were opened with."""
        call.may_reach(requirement_id)
        call.about(requirement_id)
        _refuse_twice(criteria)
        row = call.session.get_one(RequirementRow, requirement_id)
        kinds = (Kind.REQUIREMENT,)
        refuse_lookalike(call, title, kinds=kinds, project=row.project, but=requirement_id, field="title")
        row.title, row.goal, row.business_metric = title, goal, business_metric
        row.criteria = [criterion.model_dump(mode="json") for criterion in criteria]
        call.session.add(row)
        call.update(requirement_id, title=title)
        return requirement_of(row)

    @action(permission=Permission.REQUIREMENT_WRITE, says=N_("changed the state of"))
    def set_state(self, call: Call, *, requirement_id: str, state: Literal["open", "met", "dropped"]) -> Requirement:
        """Mark a requirement as open, met or dropped."""
        call.may_reach(requirement_id)
        call.about(requirement_id)
        row = call.session.get_one(RequirementRow, requirement_id)
        row.state = state
        call.session.add(row)
        call.update(requirement_id, state=state)
        call.note(state=state)
        return requirement_of(row)

    @action(permission=Permission.READ, reads=True)
    def list_requirements(
        self, call: Call, *, state: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[Requirement]:
        """List requirements, the newest first."""
        where = conditions(call, RequirementRow, state=state)
        return page_of(
            call.session,
            RequirementRow,
            where=where,
            order=(col(RequirementRow.created_at).desc(),),
            offset=offset,
            limit=limit,
            convert=requirement_of,
        )

    @action(permission=Permission.READ, reads=True)
    def get_requirement(self, call: Call, *, requirement_id: str) -> Requirement:
        """Show one requirement."""
        call.may_reach(requirement_id)
        return self.requirement(call, requirement_id)

    def requirement(self, call: Call, requirement_id: str) -> Requirement:
        """A requirement as it is in the caller's transaction."""
        row = call.session.get(RequirementRow, requirement_id)
        if row is None:
            raise Invalid(_("{id} is no requirement").format(id=repr(requirement_id[:40])), field="requirement")
        return requirement_of(row)


def requirement_of(row: RequirementRow) -> Requirement:
    criteria = tuple(Criterion.model_validate(criterion) for criterion in row.criteria)
    return Requirement(**row.model_dump(exclude={"criteria"}), criteria=criteria)


def _refuse_twice(criteria: tuple[Criterion, ...]) -> None:
    metrics = [criterion.metric for criterion in criteria]
    twice = [metric for metric in metrics if metrics.count(metric) > 1]
    if twice:
        raise Invalid(
            _("There are two conditions on {metric}").format(metric=twice[0]), hint=_("Keep one."), field="criteria"
        )
