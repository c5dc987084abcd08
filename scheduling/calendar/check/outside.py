"""Programs that are asked in a process of their own: libical, ical.js, and vdirsyncer with khal."""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

SECONDS = 60.0

When = datetime | date
Found = set[tuple[str, When, When]]


class Silent(Exception):
    """A program crashed, hung or said nothing that can be read; the message is its last line."""


def has_libical() -> bool:
    return ctypes.util.find_library("ical") is not None


def libical(data: bytes) -> Iterator[str]:
    """What libical's parser and its check of RFC 5546's restrictions say."""
    try:
        said = json.loads(_run([sys.executable, "-c", _LIBICAL, ctypes.util.find_library("ical") or ""], data))
        # it drops an empty text, which RFC 5545 allows and nobody misses
        yield from (each for each in said if not each.startswith("No value for"))
    except Silent as error:
        yield str(error)


@lru_cache(maxsize=1)
def has_ical_js() -> bool:
    """Whether node finds ical.js from here: in node_modules, or on NODE_PATH."""
    node = shutil.which("node")
    if node is None:
        return False
    try:
        _run([node, "-e", 'require("ical.js")'], b"")
    except Silent:
        return False
    return True


def ical_js(data: bytes) -> Iterator[str]:
    """What ical.js says in its strict mode."""
    try:
        yield from json.loads(_run(["node", "-e", _ICAL_JS, "parse"], data))
    except Silent as error:
        yield str(error)


def ical_js_expands(data: bytes, first: datetime, last: datetime) -> Found:
    """What takes place by ical.js. Raises Silent."""
    found = json.loads(_run(["node", "-e", _ICAL_JS, "expand", first.isoformat(), last.isoformat()], data))
    return {(uid, _when(starts), _when(ends)) for uid, starts, ends in found}


def has_khal() -> bool:
    return _script("vdirsyncer") is not None and _script("khal") is not None


def khal_lists(data: bytes, first: datetime, last: datetime) -> Found:
    """What khal lists after vdirsyncer has brought the file into a folder of single entries. Raises Silent."""
    with tempfile.TemporaryDirectory() as folder:
        feed = Path(folder, "feed.ics")
        feed.write_bytes(data)
        khal = Khal(Path(folder), f'type = "singlefile"\npath = "{feed}"')
        khal.sync()
        return khal.lists(first, last)


class Khal:
    """A person who subscribes with vdirsyncer and reads with khal; all they keep is in one folder."""

    def __init__(self, home: Path, storage: str) -> None:
        """`storage` is where vdirsyncer finds the feed, in the words of its configuration."""
        self._home = home
        (home / "items").mkdir()
        (home / "sync.ini").write_text(_VDIRSYNCER.format(home=home, storage=storage), encoding="utf-8")
        (home / "khal.ini").write_text(_KHAL.format(home=home), encoding="utf-8")
        self._vdirsyncer("discover", "feed")

    def sync(self) -> None:
        """Fetch the feed. Raises Silent."""
        self._vdirsyncer("sync")

    def lists(self, first: datetime, last: datetime) -> Found:
        """What takes place from one day to another. Raises Silent."""
        asked = ["list", "--day-format", "", "--format", _KHAL_LINE, f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"]
        said = _run([_script("khal") or "", "-c", str(self._home / "khal.ini"), *asked], b"", str(self._home))
        return {found for line in said.splitlines() if (found := _listed(line)) is not None}

    def _vdirsyncer(self, *words: str) -> None:
        _run([_script("vdirsyncer") or "", "-c", str(self._home / "sync.ini"), *words], b"", str(self._home))


def _listed(line: str) -> tuple[str, When, When] | None:
    parts = line.split("\x1f")
    if len(parts) != 4:
        return None
    uid, whole_day, starts, ends = parts
    if whole_day == "True":  # khal shows the last day; RFC 5545 writes the day after
        return uid, date.fromisoformat(starts[:10]), date.fromisoformat(ends[:10]) + timedelta(days=1)
    return uid, _when(starts), _when(ends)


def _when(text: str) -> When:
    if len(text) == 10:
        return date.fromisoformat(text)
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _script(name: str) -> str | None:
    """A command beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def _run(command: list[str], data: bytes, folder: str | None = None) -> str:
    home = {"HOME": folder, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} if folder else None
    try:
        ran = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False, env=home)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Silent(f"it gave no answer ({type(error).__name__})") from None
    if ran.returncode != 0:
        lines = ran.stderr.decode(errors="replace").strip().splitlines()
        raise Silent((lines[-1] if lines else f"it ended with {ran.returncode}")[:160])
    return ran.stdout.decode(errors="replace")


_LIBICAL = """
import ctypes, json, re, sys
ical = ctypes.CDLL(sys.argv[1])
ical.icalparser_parse_string.restype = ctypes.c_void_p
ical.icalparser_parse_string.argtypes = [ctypes.c_char_p]
ical.icalrestriction_check.argtypes = [ctypes.c_void_p]
ical.icalcomponent_as_ical_string.argtypes = [ctypes.c_void_p]
ical.icalcomponent_as_ical_string.restype = ctypes.c_char_p
root = ical.icalparser_parse_string(sys.stdin.buffer.read())
if not root:
    print(json.dumps(["it finds no calendar"]))
else:
    ical.icalrestriction_check(root)
    text = re.sub("\\r?\\n[ \\t]", "", ical.icalcomponent_as_ical_string(root).decode(errors="replace"))
    print(json.dumps([line.partition(":")[2][:160] for line in text.splitlines() if line.startswith("X-LIC-ERROR")]))
"""

_ICAL_JS = """
const ICAL = require("ical.js");
const [what, first, last] = process.argv.slice(1);
const text = require("fs").readFileSync(0, "utf8");
const said = [];
const found = [];
const shown = (time) => time.isDate ? time.toString() : time.toJSDate().toISOString();
try {
  ICAL.design.strict = true;
  const root = new ICAL.Component(ICAL.parse(text));
  const zones = root.getAllSubcomponents("vtimezone").map((each) => each.getFirstPropertyValue("tzid"));
  root.getAllSubcomponents("vtimezone").forEach((each) => ICAL.TimezoneService.register(each));
  const events = root.getAllSubcomponents("vevent");
  for (const event of events) {
    for (const property of event.getAllProperties()) {
      const zone = property.getParameter("tzid");
      if (zone && !zones.includes(zone)) said.push(`the zone ${zone} is not in the file`);
    }
  }
  if (what === "expand") {
    const masters = events.filter((each) => !each.hasProperty("recurrence-id"));
    for (const each of masters) {
      const uid = each.getFirstPropertyValue("uid");
      const own = events.filter((one) => one.hasProperty("recurrence-id") && one.getFirstPropertyValue("uid") === uid);
      const event = new ICAL.Event(each, { exceptions: own });
      const add = (starts, ends) => {
        const at = starts.toJSDate();
        if (at < new Date(last)) found.push([uid, shown(starts), shown(ends)]);
      };
      if (!event.isRecurring()) { add(event.startDate, event.endDate); continue; }
      const steps = event.iterator();
      for (let next = steps.next(), count = 0; next && count < 5000; next = steps.next(), count++) {
        if (next.toJSDate() >= new Date(last) && own.length === 0) break;
        const details = event.getOccurrenceDetails(next);
        add(details.startDate, details.endDate);
      }
    }
  }
} catch (error) {
  if (what === "expand") throw error;
  said.push(String(error.message || error).split("\\n")[0]);
}
console.log(JSON.stringify(what === "expand" ? found : said));
"""

_VDIRSYNCER = """
[general]
status_path = "{home}/status"

[pair feed]
a = "there"
b = "here"
collections = null
conflict_resolution = "a wins"

[storage there]
{storage}

[storage here]
type = "filesystem"
path = "{home}/items"
fileext = ".ics"
"""

_KHAL = """
[calendars]
[[feed]]
path = {home}/items
readonly = True

[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M:%S
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%dT%H:%M:%S
longdatetimeformat = %Y-%m-%dT%H:%M:%S

[sqlite]
path = {home}/khal.db
"""
_KHAL_LINE = "{uid}\x1f{all-day}\x1f{start-long-full}\x1f{end-long-full}"
