"""The recipe of images beside a plain loop of torch over the same network and the same images, made here."""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch.nn import functional

from core.features.values import FeatureContract, RequestField
from core.lake.images.values import ImageInput
from core.tasks.values import Target
from core.training.recipe import FitContext, Fitted
from core.training.recipes.image import Image, ImageParams
from core.training.torch_recipes.torch_recipe import ImageMap, Shape

IMAGE, ROWS, CLASSES = ImageInput(width=32, height=32), 3_000, 10
PARAMS = ImageParams(epochs=1, precision="fp32")


@cache
def tables() -> dict[str, pa.Table]:
    """Noise: what is measured is how fast it is learned."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (ROWS, IMAGE.bytes), dtype=np.uint8)
    whole = pa.table(
        {
            "row_id": [str(at) for at in range(ROWS)],
            "label": [f"c{at % CLASSES}" for at in range(ROWS)],
            "photo": pa.array([row.tobytes() for row in pixels], type=pa.binary(IMAGE.bytes)),
        }
    )
    return {"train": whole, "validation": whole[:100]}


def learned() -> Fitted:
    photo = RequestField(name="photo", kind="image", is_model_input=True, image=IMAGE)
    contract = FeatureContract(event_time="", row_id="row_id", request=(photo,), views=())
    target = Target(task="multi_class", label="label", classes=tuple(f"c{at}" for at in range(CLASSES)))
    prepared = Image.prepare(tables(), contract=contract, target=target, threads=1)
    return Image.fit(FitContext(prepared, PARAMS, target, seed=1, threads=1, report=lambda _step, _figures: None))


def learned_directly() -> object:
    """As people write it."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    column: Any = tables()["train"]["photo"].combine_chunks()
    pixels = np.frombuffer(column.buffers()[1], dtype=np.uint8).reshape(-1, *IMAGE.shape)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    labels = torch.arange(ROWS) % CLASSES
    scales = ImageMap(name="photo", image=IMAGE, means=(127.5,) * 3, scales=(74.0,) * 3)
    network = Image.network(Shape(cardinalities=(), numbers=0, outputs=CLASSES, images=(scales,)), params=PARAMS)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PARAMS.learning_rate, fused=True)
    nothing = torch.zeros(PARAMS.batch_size, 0)
    for places in torch.randperm(ROWS).split(PARAMS.batch_size)[: ROWS // PARAMS.batch_size]:
        optimizer.zero_grad(set_to_none=True)
        logits = network(nothing.int(), nothing, images=images[places])
        functional.cross_entropy(logits, labels[places]).backward()
        optimizer.step()
    return network
