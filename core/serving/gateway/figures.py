"""What Envoy counts and logs, and by which labels. An arm's figures are not those of a version: while a version is
thrown out of an endpoint, its arm counts what the others answered in its place. So they carry different labels."""

from typing import Any

Json = dict[str, Any]
ARM = "arm_"
# The name of a model server: endpoint, number and id of the version. No part has an underscore in it.
SERVER = "([a-z][a-z0-9-]*)_[0-9]+_[A-Z]+-[0-9]+"
TAGS = {
    "endpoint": f"^cluster\\.((?:{ARM})?{SERVER}\\.)",
    "version": r"^cluster\.([a-z][a-z0-9-]*_([0-9]+)_[A-Z]+-[0-9]+\.)",
    "arm": rf"^cluster\.({ARM}[a-z][a-z0-9-]*_([0-9]+)_[A-Z]+-[0-9]+\.)",
}
FIELDS = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "level": "info",
    "event": "%REQ(:METHOD)% %PATH(NQ:ORIG)% %RESPONSE_CODE%",
    "process": "gateway proxy",
    "request": "%REQ(X-REQUEST-ID)%",
    "flags": "%RESPONSE_FLAGS%",
    "arm": "%UPSTREAM_CLUSTER%",
    "server": "%UPSTREAM_HOST%",
    "total_us": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
    "upstream_us": "%COMMON_DURATION(US_TX_BEG:US_RX_BEG:us)%",
}


def arm_figures(server: str) -> str:
    """What the figures of a version's share are called."""
    return f"{ARM}{server}"


def statistics() -> Json:
    """The labels of figures. They are updated each second, since counters and times must agree."""
    tags = [{"tag_name": name, "regex": pattern} for name, pattern in TAGS.items()]
    return {"stats_config": {"stats_tags": tags}, "stats_flush_interval": "1s"}


def access_log() -> Json:
    """A line of JSON for each request, in the log of the gateway's folder."""
    kind = "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": {"@type": kind, "log_format": {"json_format": FIELDS}},
    }
