"""Mixed precision is a measured choice."""

import torch

from core.training.recipes.tabular import Tabular
from core.training.torch_recipes.data import TrainingData
from core.training.torch_recipes.precision import CLEARLY, choose_precision, has_fast_bf16, measure
from core.training.torch_recipes.torch_recipe import PerceptronParams, Shape

CPU = torch.device("cpu")


def network(data: TrainingData) -> torch.nn.Module:
    return Tabular.network(data.preparation.shape, params=PerceptronParams())


def test_measuring_leaves_weights_and_random_numbers_as_they_were(flight_data: TrainingData) -> None:
    measured = network(flight_data)
    before = [weight.clone() for weight in measured.parameters()]
    state = torch.get_rng_state()
    speeds = measure(measured, head=flight_data.head, rows=flight_data.train, batch_size=256)
    assert min(speeds.values()) > 0
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(old, new) for old, new in zip(before, measured.parameters(), strict=True))
    assert all(weight.grad is None for weight in measured.parameters())


def test_auto_takes_bf16_where_it_is_clearly_faster_and_says_both_speeds(
    flight_data: TrainingData,
) -> None:
    chosen, speeds = choose_precision(
        "auto", network=network(flight_data), head=flight_data.head, rows=flight_data.train, batch_size=256
    )
    if has_fast_bf16(CPU):
        assert set(speeds) == {"rows_per_s_fp32", "rows_per_s_bf16"}
        assert (chosen == "bf16") == (speeds["rows_per_s_bf16"] > CLEARLY * speeds["rows_per_s_fp32"])
    else:
        assert (chosen, speeds) == ("fp32", {})


def test_a_network_takes_what_its_shape_says() -> None:
    built = Tabular.network(Shape(cardinalities=(3, 2), numbers=4), params=PerceptronParams(hidden_layers=3))
    logits = built(torch.tensor([[2, 1], [0, 0]], dtype=torch.int32), torch.zeros(2, 4))
    assert logits.shape == (2,)
    assert PerceptronParams(hidden_layers=3, hidden_width=64).widths() == (64, 32, 16)
