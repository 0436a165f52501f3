"""The steps of the walk, in order."""

from app.demonstration import building, releasing
from app.demonstration.walk import Step
from core.foundation.text import _

STEPS = (
    Step(_("Write the requirement"), building.write_requirement),
    Step(_("Import five datasets"), building.import_datasets),
    Step(_("Build features and join the training set"), building.build_features),
    Step(_("Train"), building.train),
    Step(_("Sweep twelve trials on the October flights"), building.sweep),
    Step(_("Register two versions and compare them"), building.register),
    Step(_("Create the endpoints"), releasing.create_endpoints),
    Step(_("Measure the first version on staging"), releasing.measure_first),
    Step(_("Promote the first version"), releasing.promote_first),
    Step(_("Measure the better version on staging"), releasing.measure_second),
    Step(_("Promote the better version"), releasing.promote_second),
    Step(_("Roll back and forward"), releasing.roll_back_and_forward),
    Step(_("Replay the last days of December through production"), releasing.replay),
)
