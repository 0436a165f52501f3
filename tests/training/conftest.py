"""Real flights, prepared once."""

import pytest

from core.training.torch_recipes.data import TrainingData, load_data
from tests.training.flights import contract, splits


@pytest.fixture(scope="session")
def flight_data() -> TrainingData:
    return load_data(splits(), contract=contract())
