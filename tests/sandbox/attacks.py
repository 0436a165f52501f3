"""Attacks of user code on everything around it, each a small function that says what it got. They run as the pandas
form of a feature, the way any user's code does."""

ATTACKS = r"""
import ctypes, os, resource, signal, socket, subprocess, sys, threading, time
from pathlib import Path
import pandas as pd

LIBC = ctypes.CDLL(None, use_errno=True)
OUTSIDE = Path("@outside@")

def called(number, *arguments):
    result = LIBC.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return f"got {result}"

def read_outside(): return (OUTSIDE / "secret.txt").read_text()
def read_passwd(): return Path("/etc/passwd").read_text()
def read_shadow(): return Path("/etc/shadow").read_text()
def read_home(): return os.listdir(os.path.expanduser("~root"))
def list_root(): return os.listdir("/")
def list_parent(): return os.listdir(OUTSIDE)
def read_by_dots(): return Path(os.getcwd(), "..", "secret.txt").read_text()
def read_through_link():
    os.symlink(OUTSIDE / "secret.txt", "link"); return Path("link").read_text()
def read_through_hard_link():
    os.link(OUTSIDE / "secret.txt", "hard"); return Path("hard").read_text()
def read_through_proc_root(): return Path("/proc/self/root", str(OUTSIDE / "secret.txt")[1:]).read_text()
def read_environment_of_parent(): return Path(f"/proc/{os.getppid()}/environ").read_bytes()
def read_command_of_parent(): return Path(f"/proc/{os.getppid()}/cmdline").read_bytes()
def read_memory_of_parent(): return open(f"/proc/{os.getppid()}/mem", "rb").read(1)
def read_own_memory_file(): return open("/proc/self/mem", "rb").fileno()
def list_processes(): return [name for name in os.listdir("/proc") if name.isdecimal()]
def write_outside(): return (OUTSIDE / "written.txt").write_text("x")
def write_temporary(): return Path("/tmp/causeway-attack").write_text("x")
def write_shared_memory(): return Path("/dev/shm/causeway-attack").write_text("x")
def write_own_code():
    import core; return Path(core.__file__).with_name("planted.py").write_text("x")
def write_libraries(): return Path(pd.__file__).with_name("planted.py").write_text("x")
def remove_outside(): return (OUTSIDE / "secret.txt").unlink()
def rename_outside(): return os.rename(OUTSIDE / "secret.txt", "mine.txt")
def truncate_outside(): return os.truncate(OUTSIDE / "secret.txt", 0)
def change_mode(): Path("mine").write_text("x"); return os.chmod("mine", 0o4755)
def change_mode_by_call(): Path("mine").write_text("x"); return called(90, b"mine", 0o4755)
def file_born_to_run_as_its_owner(): os.close(os.open("born", os.O_CREAT | os.O_WRONLY, 0o6755)); return "made"
def file_born_so_by_number(): return called(2, b"born", 0o101, 0o4755)
def file_born_so_by_a_struct(): return called(437, -100, b"born", ctypes.create_string_buffer(24), 24)
def outlive_the_caller(): return called(157, 1, 0, 0, 0, 0)
def change_owner(): Path("mine").write_text("x"); return os.chown("mine", 1, 1)
def make_device(): return os.mknod("device", 0o60600, os.makedev(8, 0))
def tcp(): return socket.create_connection(("127.0.0.1", @port@), timeout=1)
def udp(): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53))
def unix_socket(): return socket.socket(socket.AF_UNIX).connect("@outside@/listening")
def abstract_socket(): return socket.socket(socket.AF_UNIX).connect("\0causeway")
def raw_socket_call(): return called(41, 2, 1, 0)
def pair_of_sockets(): return socket.socketpair()
def io_uring(): return called(425, 8, ctypes.create_string_buffer(256))
def fork(): return os.fork()
def spawn(): return subprocess.run(["/bin/true"], check=True)
def posix_spawn(): return os.posix_spawn("/bin/true", ["true"], {})
def execute(): return os.execv("/bin/true", ["true"])
def execute_memory():
    handle = os.memfd_create("x"); os.write(handle, b"#!/bin/sh\n"); return os.execve(handle, ["x"], {})
def clone_a_process(): return called(56, 17, 0, 0, 0, 0)
def clone_three(): return called(435, ctypes.create_string_buffer(88), 88)
def vfork(): return called(58)
def old_numbers(): return called(0x40000000 + 41, 2, 1, 0)
def kill_parent(): return os.kill(os.getppid(), 0)
def kill_everything(): return os.kill(-1, 0)
def kill_thread_of_parent(): return called(234, os.getppid(), os.getppid(), 0)
def signal_by_handle(): return os.pidfd_open(os.getppid())
def queue_signal(): return called(129, os.getppid(), 10, ctypes.create_string_buffer(128))
def trace_parent(): return called(101, 16, os.getppid(), 0, 0)
def read_parent_by_call(): return called(310, os.getppid(), None, 0, None, 0, 0)
def leave_session(): return os.setsid()
def become_someone(): return os.setuid(65534)
def mount(): return called(165, b"none", b"/mnt", b"tmpfs", 0, None)
def new_namespaces(): return called(272, 0x10000000)
def change_root(): return os.chroot(".")
def raise_limit(): return resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
def raise_open_files(): return called(302, 0, 7, ctypes.create_string_buffer(b"\xff" * 16), None)
def bpf(): return called(321, 0, None, 0)
def keys(): return called(250, 0, -3, 0)
def open_by_handle(): return called(304, -100, ctypes.create_string_buffer(64), 0)
def shared_segment(): return called(29, 1, 4096, 0o1600)
def performance_counters(): return called(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)
def faults_in_user_space(): return called(323, 0)
def read_the_clock_of_others(): return os.listdir("/sys/class/net")
def secrets_of_the_environment(): return [name for name in os.environ if "SECRET" in name or "TOKEN" in name] or None
def descriptors_of_others():
    found = [handle for handle in range(3, 64) if handle != @none@ and _leads_to_file(handle)]
    return found or None
def _leads_to_file(handle):
    try:
        return "@outside@" in os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return False
def memory_of_no_process(): return os.memfd_create("hidden")
def secret_memory(): return called(447, 0)
def shared_memory(): import mmap; return mmap.mmap(-1, 4096)
def shared_memory_by_number(): return called(9, None, 4096, 3, 0x21, -1, 0)
def shared_memory_of_a_device(): import mmap; return mmap.mmap(os.open("/dev/zero", os.O_RDWR), 4096)
def huge_pages(): return called(9, None, 2**21, 3, 0x40022, -1, 0)
def large_pipe(): import fcntl; return fcntl.fcntl(os.pipe()[1], 1031, 2**20)
def pages_in_a_pipe(): return called(278, os.pipe()[1], None, 0, 0)
def splice(): return called(275, os.pipe()[0], None, os.pipe()[1], None, 1, 0)
def asynchronous_disk(): return called(206, 64, ctypes.create_string_buffer(8))
def disk_set_aside(): return os.posix_fallocate(_file(), 0, 2**20)
def disk_set_aside_unseen(): return called(285, _file(), 1, 0, 2**20)
def disk_set_aside_by_request():
    import fcntl, struct; return fcntl.ioctl(_file(), 0x40305828, struct.pack("hhqqii16x", 0, 0, 0, 2**20, 0, 0))
def file_for_ever(): import fcntl, struct; return fcntl.ioctl(_file(), 0x40086602, struct.pack("l", 0x10))
def file_without_a_name(): return os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
def file_that_vanishes(): Path("gone").write_text("x"); return os.unlink("gone") or "gone"
def file_that_is_replaced(): Path("a").write_text("x"); return os.rename("a", "b") or "gone"
def folder_below(): return os.mkdir("deep") or "made"
def watch_files(): return called(294, 0)
def rules_of_files(): return called(444, None, 0, 1)
def _file(): return os.open("mine", os.O_CREAT | os.O_RDWR, 0o600)
def load_a_pickle_of_ours(): return __import__("core.foundation.settings", fromlist=["x"]).Settings().home.joinpath("settings.toml").read_text()

def features(flights):
    if "@chosen@":
        return globals()["@chosen@"]()
    found = []
    attacks = [(name, each) for name, each in list(globals().items())
               if callable(each) and getattr(each, "__module__", "") == "features" and name not in ("features", "called") and not name.startswith("_")]
    for name, attack in attacks:
        try:
            result = attack()
            found.append((name, "nothing" if result is None and name in ("secrets_of_the_environment", "descriptors_of_others") else f"GOT {result!r}"[:80]))
        except Exception as error:
            found.append((name, type(error).__name__))
    frame = pd.DataFrame(found, columns=["attack", "outcome"])
    # What got something comes first among the rows that are shown.
    got = frame["outcome"].str.startswith("GOT")
    frame["moment"] = pd.to_datetime(got.map({True: "2014-01-01", False: "2013-01-01"}), utc=True)
    return frame
"""  # noqa: E501

# What must be ended from outside, by the name of what it wears down. Each is the body of `features(flights)`.
EXHAUSTING = {
    "time, asleep": "__import__('time').sleep(60)",
    "time, busy": "while True: pass",
    "time, deaf to signals": (
        "import signal, time\n"
        "    [signal.signal(n, signal.SIG_IGN) for n in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT)]\n"
        "    time.sleep(60)"
    ),
    "time, swallowing the stop": (
        "import time\n    while True:\n        try: time.sleep(60)\n        except BaseException: pass"
    ),
    "memory": "x = [bytearray(50_000_000) for _ in range(1000)]",
    "memory, slowly": (
        "import time\n    x = []\n    while True:\n        x.append(bytearray(b'x') * 30_000_000); time.sleep(0.01)"
    ),
    "disk": "open('big', 'wb').truncate(2**44)",
    "threads": (
        "import threading\n    [threading.Thread(target=threading.Event().wait).start() for _ in range(100_000)]"
    ),
    "the process": "import os; os._exit(0)",
    "the process, by a fault": "import ctypes; ctypes.string_at(0)",
    "the answer": "import os\n    while True: os.write(3, b'x' * 65536) if False else os.write(pipe(), b'x' * 65536)",
}
# What is taken in many small parts, each of which is below its limit.
IN_PARTS = {
    "disk, file by file": "[open(str(n), 'wb').write(bytes(16_000_000)) for n in range(1000)]",
    "names of files": "[open(str(n), 'wb') and None for n in range(10_000_000)]",
    "threads, small ones": (
        "import threading\n    threading.stack_size(32768)\n"
        "    [threading.Thread(target=threading.Event().wait).start() for _ in range(100_000)]"
    ),
}
PIPE = """
import os
def pipe():
    for handle in range(3, 64):
        try:
            if os.readlink(f"/proc/self/fd/{handle}").startswith("pipe"):
                return handle
        except OSError:
            pass
    import sys
    return int(sys.argv[1])
"""
