"""A filter of system calls: no sockets, no other processes, no other programs, no signals to others, nothing that only
administrators do, and no memory or disk that is charged to nobody. Refused calls answer EPERM, so a program hears of it
as of any missing permission."""

import ctypes
import errno
import os
import platform
import struct

# Each call as (x86-64, ARM64); None where the architecture lacks it.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242),
    "bind": (49, 200), "listen": (50, 201), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "recvfrom": (45, 207), "recvmsg": (47, 212), "recvmmsg": (299, 243),
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "setsid": (112, 157), "setpgid": (109, 154),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "sethostname": (170, 161), "setdomainname": (171, 162),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "acct": (163, 89), "syslog": (103, 116), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "fanotify_init": (300, 262),
    "openat2": (437, 437), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "mknod": (133, None), "mknodat": (259, 33), "link": (86, None), "linkat": (265, 37),
    "symlink": (88, None), "symlinkat": (266, 36), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151), "setfsgid": (123, 152),
    "setgroups": (116, 159), "capset": (126, 91), "personality": (135, 92), "setrlimit": (160, 164),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "fallocate": (285, 47),
    "splice": (275, 76), "tee": (276, 77), "vmsplice": (278, 75), "io_setup": (206, 0),
    "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446),
    "inotify_init": (253, None), "inotify_init1": (294, 26),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
}  # fmt: skip
# By these a file vanishes whose bytes stay as long as anybody has it open, or lies where nobody looks.
HIDING: dict[str, tuple[int | None, int | None]] = {
    "mkdir": (83, None), "mkdirat": (258, 34), "unlink": (87, None), "unlinkat": (263, 35), "rmdir": (84, None),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
}  # fmt: skip
CLONE, CLONE3, TGKILL, PRLIMIT64, PRCTL = (56, 220), (435, 435), (234, 131), (302, 261), (157, 167)
SET_PARENT_DEATH = 1
# What makes a file, with the argument that says its permissions.
CREATING: tuple[tuple[tuple[int | None, int | None], int], ...] = (((2, None), 2), ((257, 56), 3), ((85, None), 1))
OF_ANOTHER_USER = 0o6000
# Files without a name, by the flags of the same calls.
OPENING: tuple[tuple[tuple[int | None, int | None], int], ...] = (((2, None), 1), ((257, 56), 2))
WITHOUT_NAME = 0o20000000
# Memory that is shared and of no file, and huge pages, stay when a process no longer has them in sight.
MMAP, MMAP_FLAGS, SHARED, OF_NO_FILE, HUGE = (9, 222), 3, 0x1, 0x20, 0x40000
FCNTL, SET_PIPE_SIZE = (72, 25), 1031
# Of what can be asked of a file all but terminals: some set disk aside, some keep a file from being removed.
IOCTL, KIND_OF_REQUEST, OF_TERMINALS = (16, 29), 0xFF00, 0x5400
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
CLONE_THREAD, OTHER_NUMBERS = 0x10000, 0x40000000
# Offsets in the kernel's struct seccomp_data, and the instructions of classic BPF.
NUMBER, MACHINE, FIRST_ARGUMENT, SECOND_ARGUMENT, THIRD_ARGUMENT = 0, 4, 16, 24, 32
LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
SET_SECCOMP, FILTER = 22, 2
Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def is_known_machine() -> bool:
    return platform.machine() in MACHINES


def restrict(*, keeping_files: bool) -> None:
    """From here on this process cannot make the refused calls, and with `keeping_files` none that removes a file. The
    caller has given up new privileges. Raises OSError where the kernel refuses, KeyError on a machine whose calls are
    not known."""
    instructions = program(platform.machine(), own_id=os.getpid(), keeping_files=keeping_files)
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)
    given = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_SECCOMP, FILTER, ctypes.byref(given), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def program(machine: str, *, own_id: int, keeping_files: bool) -> list[Instruction]:
    """The filter. Threads may be started and may signal each other; limits may be read, not set; an end with the
    caller is not undone, and no file is born to run as its owner."""
    column, mark = MACHINES[machine]
    refused, missing = (ANSWER, 0, 0, FAIL | errno.EPERM), (ANSWER, 0, 0, FAIL | errno.ENOSYS)
    instructions: list[Instruction] = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, mark), (ANSWER, 0, 0, KILL)]
    instructions += [(LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, OTHER_NUMBERS), refused]
    # The C library then starts its threads by clone, whose flags can be seen here.
    instructions += [(EQUAL, 0, 1, CLONE3[column]), missing]
    instructions += [(EQUAL, 0, 4, CLONE[column]), (LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 1, 0, CLONE_THREAD), refused]
    instructions += [(ANSWER, 0, 0, ALLOW)]
    instructions += [(EQUAL, 0, 4, TGKILL[column]), (LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 1, 0, own_id), refused]
    instructions += [(ANSWER, 0, 0, ALLOW)]
    # No code can undo that the process ends with the one that started it.
    instructions += [
        (EQUAL, 0, 4, PRCTL[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (EQUAL, 0, 1, SET_PARENT_DEATH),
        refused,
    ]
    instructions += [(ANSWER, 0, 0, ALLOW)]
    instructions += [(EQUAL, 0, 6, PRLIMIT64[column]), (LOAD, 0, 0, THIRD_ARGUMENT), (EQUAL, 0, 2, 0)]
    instructions += [(LOAD, 0, 0, THIRD_ARGUMENT + 4), (EQUAL, 1, 0, 0), refused, (ANSWER, 0, 0, ALLOW)]
    for numbers, position in CREATING:
        if (number := numbers[column]) is not None:
            permissions = (LOAD, 0, 0, FIRST_ARGUMENT + 8 * position)
            instructions += [(EQUAL, 0, 4, number), permissions, (ANY_BIT, 0, 1, OF_ANOTHER_USER), refused]
            instructions += [(LOAD, 0, 0, NUMBER)]
    for numbers, position in OPENING:
        if (number := numbers[column]) is not None:
            flags = (LOAD, 0, 0, FIRST_ARGUMENT + 8 * position)
            instructions += [(EQUAL, 0, 4, number), flags, (ANY_BIT, 0, 1, WITHOUT_NAME), refused]
            instructions += [(ANSWER, 0, 0, ALLOW)]
    flags = (LOAD, 0, 0, FIRST_ARGUMENT + 8 * MMAP_FLAGS)
    instructions += [(EQUAL, 0, 6, MMAP[column]), flags, (ANY_BIT, 2, 0, HUGE), (ANY_BIT, 0, 2, OF_NO_FILE)]
    instructions += [(ANY_BIT, 0, 1, SHARED), refused, (ANSWER, 0, 0, ALLOW)]
    instructions += [(EQUAL, 0, 4, FCNTL[column]), (LOAD, 0, 0, SECOND_ARGUMENT), (EQUAL, 0, 1, SET_PIPE_SIZE), refused]
    instructions += [(ANSWER, 0, 0, ALLOW)]
    instructions += [(EQUAL, 0, 5, IOCTL[column]), (LOAD, 0, 0, SECOND_ARGUMENT), (AND, 0, 0, KIND_OF_REQUEST)]
    instructions += [(EQUAL, 1, 0, OF_TERMINALS), refused, (ANSWER, 0, 0, ALLOW)]
    for numbers in (*REFUSED.values(), *(HIDING.values() if keeping_files else ())):
        if (number := numbers[column]) is not None:
            instructions += [(EQUAL, 0, 1, number), refused]
    return [*instructions, (ANSWER, 0, 0, ALLOW)]
