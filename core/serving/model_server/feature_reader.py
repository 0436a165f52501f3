"""Online features by key over HTTP, beside the predictions that are made of them: what a feature server is asked for.
The answer is written in columns, which is half the bytes and half the time of a document for each key."""

import time
from typing import Any

from core.features.values import FeatureContract, ServedView
from core.foundation.text import _
from core.serving.model_server.decode import check_size, parse_object, same_names, wrong
from core.serving.model_server.lookup import NoLookup, OnlineLookup
from core.serving.server_spec import Limits

BODY: dict[str, Any] = {"view": "", "keys": [], "at_us": None}
NANOSECONDS = 1_000
Part = str | int | float | bool | None
PARTS = {str, int, float, bool, type(None)}


class FeatureReader:
    """Answers `{"view": "activity", "keys": [{"customer_id": "C-17"}]}` for the views that the model looks up."""

    def __init__(self, contract: FeatureContract, *, limits: Limits) -> None:
        self._limits = limits
        self._views = {view.view: view for view in reversed(contract.views)}

    def read(self, body: bytes, *, lookup: OnlineLookup | NoLookup) -> dict[str, Any]:
        """Statuses, times in microseconds and values by key, in the order of `features`. Invalid says what is wrong.
        `at_us` decides what has outlived its ttl; it is now unless said otherwise."""
        document = {**BODY, **parse_object(body)}
        same_names(document, [*BODY], where="body")
        view = self._view(document["view"])
        keys = self._keys(document["keys"], view)
        at_us = document["at_us"]
        if at_us is not None and type(at_us) is not int:
            raise wrong("at_us", _("must be microseconds since 1970"))
        moment = time.time_ns() // NANOSECONDS if at_us is None else at_us
        answers = lookup.find(view, keys, at_us=moment)
        return {
            "view": view.view,
            "version": view.version_id,
            "features": [feature for feature, _name, _kind in view.outputs],
            "statuses": [answer.status for answer in answers],
            "values": [answer.values for answer in answers],
            "event_us": [answer.event_us for answer in answers],
            "created_us": [answer.created_us for answer in answers],
        }

    def _view(self, name: Any) -> ServedView:
        if not isinstance(name, str) or name not in self._views:
            raise wrong("view", _("must be one of {names}").format(names=", ".join(sorted(self._views)) or _("none")))
        return self._views[name]

    def _keys(self, keys: Any, view: ServedView) -> list[tuple[Part, ...]]:
        if not isinstance(keys, list) or not keys:
            raise wrong("keys", _("must be a list of keys, one at least"))
        check_size(len(keys), columns=max(1, len(view.outputs)), limits=self._limits, where="keys")
        names = tuple(name for name, _column in view.keys)
        return [_key(key, names, at=at) for at, key in enumerate(keys)]


def _key(key: Any, names: tuple[str, ...], *, at: int) -> tuple[Part, ...]:
    try:
        parts = tuple([key[name] for name in names])
    except (KeyError, TypeError, IndexError) as error:
        problem = _("must be an object with {names}").format(names=", ".join(names))
        raise wrong(f"keys[{at}]", problem) from error
    if len(key) != len(parts) or not PARTS.issuperset(map(type, parts)):
        raise wrong(f"keys[{at}]", _("is no key of this view"))
    return parts
