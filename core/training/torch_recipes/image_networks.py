"""Networks of images: convolutions make a vector of an image, and a perceptron makes logits of it and of what else a
row has. K. He et al., Deep Residual Learning for Image Recognition, CVPR 2016; normalization by S. Ioffe and C.
Szegedy, Batch Normalization, ICML 2015, which the file has as part of the convolutions."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from core.training.onnx_graph import Graph
from core.training.torch_recipes.networks import EmbeddingPerceptron, Network
from core.training.torch_recipes.torch_recipe import ImageMap, Shape

# Below it nothing is left to halve.
LEAST_SIDE = 4


class Convolution(nn.Module):
    """A convolution and its normalization, 3 by 3 unless it only changes the number of channels."""

    def __init__(self, width_in: int, width_out: int, *, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.weights = nn.Conv2d(width_in, width_out, size, stride=stride, padding=size // 2, bias=False)
        self.normal = nn.BatchNorm2d(width_out)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.normal(self.weights(value)))

    def write(self, graph: Graph, value: str) -> str:
        """As one convolution with a bias."""
        normal, weights = self.normal, self.weights
        means, variances = (cast(torch.Tensor, rows).double() for rows in (normal.running_mean, normal.running_var))
        scale = normal.weight.double() / (variances + normal.eps).sqrt()
        kernel = graph.constant((weights.weight.double() * scale[:, None, None, None]).float().numpy())
        bias = graph.constant((normal.bias.double() - means * scale).float().numpy())
        edge, stride = weights.kernel_size[0] // 2, weights.stride[0]
        return graph.node("Conv", value, kernel, bias, strides=[stride] * 2, pads=[edge] * 4)


class Plain(nn.Module):
    """Convolutions one after the other, of which the first of all but the first block halves the image."""

    def __init__(self, width_in: int, width_out: int, *, stride: int) -> None:
        super().__init__()
        self.first = Convolution(width_in, width_out, stride=stride)
        self.second = Convolution(width_out, width_out)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.second(functional.relu(self.first(value))))

    def write(self, graph: Graph, value: str) -> str:
        first = graph.node("Relu", self.first.write(graph, value))
        return graph.node("Relu", self.second.write(graph, first))


class Residual(Plain):
    """The same, added to what came in."""

    def __init__(self, width_in: int, width_out: int, *, stride: int) -> None:
        super().__init__(width_in, width_out, stride=stride)
        is_same = width_in == width_out and stride == 1
        self.past = None if is_same else Convolution(width_in, width_out, size=1, stride=stride)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        past = value if self.past is None else self.past(value)
        return functional.relu(self.second(functional.relu(self.first(value))) + past)

    def write(self, graph: Graph, value: str) -> str:
        past = value if self.past is None else self.past.write(graph, value)
        first = graph.node("Relu", self.first.write(graph, value))
        return graph.node("Relu", graph.node("Add", self.second.write(graph, first), past))


class ImageNetwork(Network):
    """A network of (ids, numbers, images uint8 [rows, channels, height, width]). Each stage after the first has twice
    the channels and half the side, as long as there is a side to halve. The vector of an image is the mean of its
    places, and their highest."""

    means: torch.Tensor
    scales: torch.Tensor

    def __init__(
        self,
        shape: Shape,
        *,
        image: ImageMap,
        residual: bool,
        width: int,
        stages: int,
        depth: int,
        embedding_width: int,
        widths: Sequence[int],
        dropout: float,
    ) -> None:
        super().__init__()
        for name, values in (("means", image.means), ("scales", image.scales)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)
        sides = [min(image.image.width, image.image.height)]
        while len(sides) < stages and sides[-1] >= 2 * LEAST_SIDE:
            sides.append((sides[-1] + 1) // 2)
        channels = [width << stage for stage in range(len(sides))]
        self.stem = Convolution(image.image.channels, width)
        block, blocks, width_in = Residual if residual else Plain, list[Plain](), width
        for stage, width_out in enumerate(channels):
            for place in range(depth):
                stride = 2 if stage and not place else 1
                blocks.append(block(width_in, width_out, stride=stride))
                width_in = width_out
        self.blocks = nn.ModuleList(blocks)
        own = shape.model_copy(update={"numbers": shape.numbers + 2 * channels[-1]})
        self.head = EmbeddingPerceptron(own, embedding_width=embedding_width, widths=widths, dropout=dropout)

    def forward(self, ids: torch.Tensor, numbers: torch.Tensor, *, images: torch.Tensor) -> torch.Tensor:
        value = functional.relu(self.stem((images.float() - self.means) / self.scales))
        for block in self.blocks:
            value = block(value)
        vector = torch.cat([value.mean(dim=(2, 3)), value.amax(dim=(2, 3))], dim=1)
        return cast(torch.Tensor, self.head(ids, torch.cat([numbers, vector.float()], dim=1)))

    def write(self, graph: Graph, *, ids: str, numbers: str, images: str = "") -> str:
        centered = graph.node("Sub", images, graph.constant(self.means[None].numpy()))
        value = graph.node("Div", centered, graph.constant(self.scales[None].numpy()))
        value = graph.node("Relu", self.stem.write(graph, value))
        for block in self.blocks:
            value = cast(Plain, block).write(graph, value)
        pooled = [graph.node(operator, value) for operator in ("GlobalAveragePool", "GlobalMaxPool")]
        parts = [numbers] if numbers else []
        parts += [graph.node("Flatten", part, axis=1) for part in pooled]
        return self.head.write(graph, ids=ids, numbers=graph.node("Concat", *parts, axis=1))
