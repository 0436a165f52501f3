"""The steps of the walk, in order."""

from app.demonstration.flights import building, releasing
from app.demonstration.walk import Demonstration, Step
from core.foundation.text import N_

FLIGHTS = Demonstration(
    name="flights",
    title=N_("Flights"),
    shows=N_("The whole chain to production: yes or no"),
    seconds=240,
    takes_first_project=True,
    steps=(
        Step(N_("Write the requirement"), building.write_requirement),
        Step(N_("Import five datasets"), building.import_datasets),
        Step(N_("Build features and join the training set"), building.build_features),
        Step(N_("Train"), building.train),
        Step(N_("Sweep twelve trials on the October flights"), building.sweep),
        Step(N_("Register two versions and compare them"), building.register),
        Step(N_("Create the endpoints"), releasing.create_endpoints),
        Step(N_("Measure the first version on staging"), releasing.measure_first),
        Step(N_("Promote the first version"), releasing.promote_first),
        Step(N_("Measure the better version on staging"), releasing.measure_second),
        Step(N_("Promote the better version"), releasing.promote_second),
        Step(N_("Roll back and forward"), releasing.roll_back_and_forward),
        Step(N_("Replay the last days of December through production"), releasing.replay),
    ),
)
