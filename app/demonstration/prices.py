"""Prices of homes: numbers from a table without time. They are generated, with a seed, and their dataset says so."""

import math
import random
from collections.abc import Iterator
from typing import Any

from app.demonstration.chain import Attempt, Example, steps_of
from app.demonstration.walk import Demonstration
from app.exports import csv_of
from core.features.training_sets.values import EntityQuery
from core.foundation.text import N_

ROWS, SEED = 6_000, 20
DISTRICTS = {"Harbor": 1.5, "Old town": 1.3, "Hill": 1.1, "Park": 1.0, "Mill": 0.85, "Yards": 0.7}
CONDITIONS = {"new": 1.15, "renovated": 1.05, "lived in": 1.0, "to renovate": 0.8}
COLUMNS = {
    "home": "VARCHAR",
    "district": "VARCHAR",
    "condition": "VARCHAR",
    "area_m2": "BIGINT",
    "rooms": "BIGINT",
    "floor": "BIGINT",
    "built": "BIGINT",
    "km_to_center": "DOUBLE",
    "has_garden": "BOOLEAN",
    "price": "DOUBLE",
}
# A share of the homes of which nobody noted the year.
UNKNOWN_YEAR = 0.05


def content() -> bytes:
    """A CSV file, with the same bytes every time."""
    return csv_of(COLUMNS, _homes(random.Random(SEED)))


def _homes(chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for number in range(ROWS):
        district, condition = chance.choice(list(DISTRICTS)), chance.choice(list(CONDITIONS))
        area, floor = round(chance.lognormvariate(4.3, 0.28)), chance.randrange(8)
        rooms = max(1, round(area / 26 + chance.gauss(0, 0.7)))
        built, distance = chance.randint(1890, 2020), round(chance.expovariate(1 / 4) + 0.2, 1)
        garden = floor == 0 and chance.random() < 0.6
        price = _price(area, floor=floor, built=built, distance=distance, garden=garden)
        price *= DISTRICTS[district] * CONDITIONS[condition] * chance.lognormvariate(0, 0.12)
        year = "" if chance.random() < UNKNOWN_YEAR else built
        row = (f"home-{number:04d}", district, condition, area, rooms, floor, year, distance, garden)
        yield (*row, round(price, -2))


def _price(area: int, *, floor: int, built: int, distance: float, garden: bool) -> float:
    """What no straight line says: old and new homes cost more than those between, and the way to the center counts less
    the longer it is."""
    age = 1 + 0.25 * ((built - 1955) / 65) ** 2
    place = (0.6 + 0.7 * math.exp(-distance / 3)) * (1 + 0.015 * floor) * (1.1 if garden else 1.0)
    return 3_400 * math.pow(area, 0.95) * age * place


def entity(snapshot_id: str) -> EntityQuery:
    return EntityQuery(
        sql="SELECT * FROM homes",
        sources={"homes": snapshot_id},
        row_id="home",
        label="price",
        task="regression",
        categories=("district", "condition", "has_garden"),
        numbers=("area_m2", "rooms", "floor", "built", "km_to_center"),
    )


PRICES = Demonstration(
    name="prices",
    title=N_("Prices"),
    shows=N_("Numbers without time, of generated homes"),
    seconds=75,
    steps=steps_of(
        Example(
            name="homes",
            description=N_("6,000 homes with their prices. None of them exists: they are generated, with a seed."),
            filename="homes.csv",
            content=content,
            entity=entity,
            split_by="random",
            model="home-price",
            question=N_("What does a home cost?"),
            attempts=(
                Attempt("linear", N_("Straight lines"), {}),
                Attempt("gradient_boosting", N_("Boosted trees"), {}),
            ),
        )
    ),
)
