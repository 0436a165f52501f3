"""What several demonstrations do in the same way."""

from app.demonstration.walk import Walk
from core.foundation.errors import Conflict
from core.foundation.text import _
from core.serving.values import Endpoint


def snapshot_of(walk: Walk, import_id: str) -> str:
    """Waits until the import was read, and confirms what it reports."""
    mei = walk.actor("mei")
    walk.wait_for_job(mei, walk.portal.imports.get_import(mei, import_id=import_id).job_id)
    return walk.portal.imports.confirm_import(mei, import_id=import_id).id


def settled(walk: Walk, word: str) -> Endpoint:
    """The endpoint that a step called `word` made, once it serves what it should. Conflict says why it does not."""
    jonas, endpoint_id = walk.actor("jonas"), walk.created[word]
    switched = walk.wait_for(
        _("Switching"),
        ask=lambda: walk.portal.endpoints.get_endpoint(jonas, endpoint_id=endpoint_id),
        done=lambda endpoint: endpoint.settled or bool(endpoint.cause),
        share=lambda _endpoint: None,
    )
    if switched.cause:
        raise Conflict(_("{endpoint} did not switch: {cause}").format(endpoint=switched.name, cause=switched.cause))
    return switched
