"""The GPUs of this machine, by UUID: an index changes with the order of the bus, a UUID does not."""

from pathlib import Path

NVIDIA = Path("/proc/driver/nvidia/gpus")


def gpus_here(driver: Path = NVIDIA) -> tuple[str, ...]:
    """UUIDs as CUDA_VISIBLE_DEVICES takes them; none without a driver, which is no error."""
    if not driver.is_dir():
        return ()
    lines = [line.split() for file in sorted(driver.glob("*/information")) for line in file.read_text().splitlines()]
    return tuple(words[-1] for words in lines if words[:2] == ["GPU", "UUID:"])
