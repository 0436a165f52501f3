"""What an image is decoded to."""

from typing import Annotated, Literal

from pydantic import Field

from core.foundation.values import Value

Side = Annotated[int, Field(ge=1, le=512)]


class ImageInput(Value):
    """What the decoder makes of an image file before a model sees it: pixels of UINT8 [height, width, channels], gray
    or red, green and blue. `decoder` names the function and its version: another version may give other pixels."""

    width: Side
    height: Side
    channels: Literal[1, 3] = 3
    decoder: Literal["pillow-1"] = "pillow-1"

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.height, self.width, self.channels

    @property
    def bytes(self) -> int:
        return self.height * self.width * self.channels
