"""An executor without processes: what it starts has ended well at once. It counts, so a test can see what was started
twice."""

import threading
from collections import Counter

from core.compute.executors.port import Launch, LaunchStatus
from core.compute.folders import place_once, write_json


class InstantExecutor:
    """Keeps the promises of the port; its state is its launches by token and by folder."""

    def __init__(self) -> None:
        self.starts: Counter[str] = Counter()
        self._started: set[str] = set()
        self._guard = threading.Lock()

    def start(self, launch: Launch) -> None:
        if not place_once(launch.folder.started(launch.token), {"pid": 0}):
            return
        with self._guard:
            self.starts[launch.folder.path.parent.name] += 1
            self._started.add(launch.token)
        write_json(launch.folder.result, {"token": launch.token, "rc": 0, "signal": 0, "reason": ""})

    def look(self, launch: Launch) -> LaunchStatus:
        return LaunchStatus.ENDED if launch.token in self._started else LaunchStatus.ABSENT

    def prevent(self, launch: Launch) -> bool:
        launch.folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place_once(launch.folder.started(launch.token), {"pid": 0})

    def stop(self, launch: Launch) -> None:
        return None

    def destroy(self, launch: Launch) -> bool:
        return True
