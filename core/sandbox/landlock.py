"""Landlock, by which a process gives up the file system but for what it names. The kernel keeps to it whatever the
process does later; no library, no root and no namespace is needed. See the kernel's userspace-api/landlock."""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # The same on every architecture.
VERSION_FLAG, PATH_BENEATH, NO_NEW_PRIVS = 1, 1, 38
(EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK,
 MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV) = (1 << bit for bit in range(16))  # fmt: skip
# How many of the rights above each version of the interface knows.
KNOWN_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
NETWORK, SCOPED = 0b11, 0b11  # Bind and connect of TCP; abstract sockets and signals to outside.
NETWORK_SINCE, SCOPED_SINCE = 4, 6
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The version of the kernel's interface; 0 where there is none."""
    return max(0, int(_libc().syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)))


def restrict(*, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """From here on this thread, and all that it starts, reads only below `readable` and writes only below `writable`;
    paths that do not exist are left out. Raises OSError where the kernel refuses."""
    known = version()
    handled = (1 << KNOWN_RIGHTS.get(known, 16)) - 1
    attributes = _Ruleset(handled, NETWORK if known >= NETWORK_SINCE else 0, SCOPED if known >= SCOPED_SINCE else 0)
    ruleset = _checked(
        _libc().syscall(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes)), 0)
    )
    for paths, rights in ((readable, READ), (writable, WRITE)):
        for path in paths:
            _allow(ruleset, path, rights & handled)
    _checked(_libc().prctl(NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(_libc().syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    fitting = rights if path.is_dir() else rights & OF_FILES
    rule = _PathBeneath(fitting, parent)
    _checked(_libc().syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0))
    os.close(parent)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
