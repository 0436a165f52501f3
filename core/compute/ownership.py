"""A worker's name says which process it is, so that another worker on the same machine sees at once that it died and
need not wait for its lease to end."""

import os

from core.compute.processes import Identity, identity_of, is_alive


def my_name() -> str:
    """`worker/<pid>/<start ticks>/<boot>/<pid namespace>`: no two processes ever share one."""
    me = identity_of(os.getpid())
    assert me is not None
    return f"worker/{me.pid}/{me.ticks}/{me.boot}/{_namespace()}"


def owner_is_dead(owner: str) -> bool:
    """Known dead: a process of this boot and this pid namespace that is gone. False when one cannot tell."""
    parts = owner.split("/")
    if len(parts) != 5 or parts[4] != _namespace():
        return False
    me = identity_of(os.getpid())
    named = Identity(pid=int(parts[1]), ticks=int(parts[2]), boot=parts[3])
    return me is not None and named.boot == me.boot and not is_alive(named)


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid")
