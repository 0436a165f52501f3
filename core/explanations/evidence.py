"""What a measurement of importance becomes: evidence, and what is said of it in one line."""

from core.explanations.values import IMPORTANCE, ImportanceReport
from core.foundation.text import _, percent
from core.registry.values import ModelVersion, NewEvidence
from core.tasks.values import Verdict

SPOKEN = 3
# Below this an input is not worth a word.
LEAST_SHARE = 0.01


def evidence_from(
    report: ImportanceReport, *, version: ModelVersion, training_set: str, job_id: str, by: str
) -> NewEvidence:
    """The evidence that a report is. It judges nothing: it passes where some input surely matters, and where none does
    nobody knows. `training_set` is the digest of the set whose rows they were."""
    matters = any(entry.importance.low > 0 for entry in report.inputs)
    return NewEvidence(
        kind=IMPORTANCE,
        subject=version.id,
        project=version.project,
        verdict=Verdict.PASS if matters else Verdict.INCONCLUSIVE,
        summary=rests_on(report),
        measured_on={"version": version.digest, "holdout": report.holdout, "training_set": training_set},
        content=report.model_dump(mode="json"),
        source=job_id,
        created_by=by,
    )


def rests_on(report: ImportanceReport, *, most: int = SPOKEN) -> str:
    """ "Rests on age (62 %), city (11 %) and income (4 %)"."""
    parts = [
        _("{name} ({share})").format(name=name, share=percent(share))
        for name, share in list(report.shares.items())[:most]
        if share >= LEAST_SHARE
    ]
    if not parts:
        return _("Rests on none of its inputs alone")
    *first, last = parts
    names = _("{first} and {last}").format(first=", ".join(first), last=last) if first else last
    return _("Rests on {names}").format(names=names)


def news(report: ImportanceReport, before: ImportanceReport, *, most: int = SPOKEN) -> str:
    """What the first rests on and the second does not, or the other way around: inputs among the first of one whose
    share at least doubled or halved, and those that only one of them takes; empty where nothing changed so."""
    now, then = report.shares, before.shares
    parts = []
    for name in dict.fromkeys([*list(now)[:most], *list(then)[:most]]):
        share, earlier = now.get(name, 0.0), then.get(name, 0.0)
        if max(share, earlier) >= 2 * max(min(share, earlier), LEAST_SHARE):
            words = _("{name} {share} instead of {earlier}")
            parts.append(words.format(name=name, share=percent(share), earlier=percent(earlier)))
    return ", ".join(parts)
