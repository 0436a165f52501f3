"""A program of somebody else reads its code and what it was granted, writes into its folder, and that is all."""

import sysconfig
import time
from pathlib import Path

import pytest

from core.foundation.errors import Invalid
from core.sandbox.limits import Limits, Stopped, TimedOut
from core.sandbox.programs.running import Program, run_program

LIMITS = Limits(seconds=20, memory_mb=512, threads=1)


class Ran:
    """What a program printed, and its folder."""

    def __init__(self, folder: Path) -> None:
        self.code, self.output = folder / "code", folder / "output"
        self.code.mkdir(exist_ok=True)
        self.output.mkdir(exist_ok=True)
        self.printed = ""

    def __call__(self, source: str, *, entry: str = "train.py", limits: Limits = LIMITS, **granted: object) -> str:
        (self.code / "train.py").write_text(source)
        program = Program(
            code=self.code,
            entry=entry,
            libraries=granted.get("libraries", ()),
            readable=granted.get("readable", ()),
            writable=self.output,
            environment={"OUTPUT": str(self.output)},
        )
        stop = granted.get("stop", lambda: False)
        run_program(program, limits=limits, files_mb=20, show=self.show, stop=stop)
        return self.printed

    def show(self, text: str) -> None:
        self.printed += text


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    return Ran(tmp_path)


def test_a_file_and_a_function_run_with_their_own_modules(ran: Ran) -> None:
    (ran.code / "core").mkdir()
    (ran.code / "core/__init__.py").write_text("mine = 'my own package'\n")
    (ran.code / "beside.py").write_text("value = 7\n")
    source = """
import os, sys, tempfile, threading
import beside
from core import mine
def main():
    print("called", sys.argv)
if __name__ == "__main__":
    print(mine, beside.value, len(sys.argv), [name for name in sys.modules if "sandbox" in name])
    with tempfile.TemporaryDirectory(dir=os.environ["OUTPUT"]) as folder:
        open(os.path.join(folder, "file"), "w").write("x")
    os.makedirs(os.environ["OUTPUT"] + "/a/b")
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start(); thread.join()
    open(os.environ["OUTPUT"] + "/a/b/model", "w").write("made")
"""
    assert ran(source) == "my own package 7 1 []\nfrom a thread\n"
    assert (ran.output / "a/b/model").read_text() == "made"
    ran.printed = ""
    assert ran(source, entry="train:main") == "called ['train']\n"


def test_it_reads_nothing_and_reaches_nobody_else(ran: Ran, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    source = f"""
import os, socket, subprocess, ctypes
def attempt(name, work):
    try:
        print(name, work())
    except BaseException as error:
        print(name, type(error).__name__)
attempt("read", lambda: open({str(secret)!r}).read())
attempt("list", lambda: os.listdir({str(tmp_path)!r}))
attempt("passwd", lambda: open("/etc/passwd").read())
attempt("parent", lambda: open(f"/proc/{{os.getppid()}}/environ").read())
attempt("code", lambda: open({str(ran.code / "train.py")!r}, "a"))
attempt("socket", lambda: socket.socket())
attempt("program", lambda: subprocess.run(["/bin/true"]))
attempt("fork", lambda: os.fork())
attempt("kill", lambda: os.kill(os.getppid(), 9))
attempt("link", lambda: os.symlink("/etc", os.environ["OUTPUT"] + "/link"))
print(sorted(name for name in os.environ if "CAUSEWAY" in name or "TOKEN" in name))
"""
    lines = ran(source).splitlines()
    assert {line.split(" ", 1)[1] for line in lines[:-1]} == {"PermissionError"}
    assert (len(lines), lines[-1]) == (11, "[]")


def test_what_was_installed_for_it_runs_only_in_the_sandbox(ran: Ran, tmp_path: Path) -> None:
    libraries, witness = tmp_path / "libraries", tmp_path / "witness"
    libraries.mkdir()
    evil = f"import os; print('loaded'); open({str(witness)!r}, 'w')"
    (libraries / "evil.pth").write_text(evil + "\n")
    (libraries / "sitecustomize.py").write_text(evil)
    (libraries / "tinylib.py").write_text("answer = 42\n")
    printed = ran("import tinylib; print(tinylib.answer)", libraries=(libraries,))
    assert "PermissionError" in printed
    assert printed.endswith("42\n")
    assert not witness.exists()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import time\nwhile True: time.sleep(1)", "took longer than 0.5 s"),
        ("while True: pass", "took longer than 0.5 s"),
    ],
)
def test_a_program_without_an_end_is_ended(ran: Ran, source: str, words: str) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut, match=words):
        ran(source, limits=Limits(seconds=0.5, memory_mb=512, threads=1))
    assert time.monotonic() - began < 8


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise ValueError('no such column')", "status 1: ValueError: no such column"),
        ("import sys; sys.exit(3)", "status 3"),
        ("import ctypes; ctypes.string_at(0)", "signal 11"),
        ("whole = [bytearray(2**20) for _ in range(100_000)]", "memory"),
        (
            "import os\nfor n in range(40):\n    with open(f\"{os.environ['OUTPUT']}/{n}\", 'wb') as file:\n"
            "        file.write(bytes(2**20))\nimport time; time.sleep(9)",
            "more files",
        ),
        (
            "import os\nheld = []\nfor n in range(40):\n    path = f\"{os.environ['OUTPUT']}/{n}\"\n"
            "    held.append(open(path, 'wb')); held[-1].write(bytes(2**20)); held[-1].flush(); os.unlink(path)\n"
            "import time; time.sleep(9)",
            "more files",
        ),
        (
            "import mmap, os\nheld = []\nfor n in range(9):\n    path = f\"{os.environ['OUTPUT']}/{n}\"\n"
            "    with open(path, 'w+b') as file:\n        file.write(bytes(2**20)); file.flush()\n"
            "        held.append(mmap.mmap(os.dup(file.fileno()), 4096))\n    os.unlink(path)\n"
            "import time; time.sleep(9)",
            "more files",
        ),
        ("import os\nopen(os.environ['OUTPUT'] + '/big', 'wb').write(bytes(30 * 2**20))", "File too large"),
    ],
)
def test_a_program_that_fails_or_takes_too_much_says_so(ran: Ran, source: str, words: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ran(source)
    assert words in refusal.value.in_full


def test_a_program_is_stopped(ran: Ran) -> None:
    with pytest.raises(Stopped):
        ran("print('here', flush=True)\nwhile True: pass", stop=lambda: "here" in ran.printed)


def test_libraries_of_the_portal_can_be_granted(ran: Ran) -> None:
    purelib = Path(sysconfig.get_path("purelib"))
    source = "import numpy, pyarrow, pandas, onnx; print(numpy.arange(3).sum())"
    assert ran(source, libraries=(purelib,)) == "3\n"
