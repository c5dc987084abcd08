"""Symposia to solve: small ones of every shape, one as large as a symposium is, and full ones."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

SECTORS = ("textiles", "food", "cars", "pharma", "timber", "energy", "parcels", "metals")
METHODS = ("alerts", "consultations", "recognition", "single window", "advance rulings")
DAY = date(2027, 5, 12)  # a Wednesday
STARTS = ("09:00", "10:15", "11:30", "14:00", "15:15", "16:30")


def symposium(seed: int = 1, *, sessions: int = 53, days: int = 3) -> dict[str, Any]:
    """The JSON of a symposium: a plenary a day, break-outs of an hour, eight rooms, officials wanted in several."""
    luck = random.Random(seed)
    rooms = [
        {"key": f"room-{number}", "capacity": size, "equipment": ["booth"] if number < 4 else []}
        for number, size in enumerate((400, 150, 120, 100, 80, 60, 50, 40))
    ]
    blocks = [
        {"key": f"{day + 1}-{number + 1}", "start": f"{DAY + timedelta(days=day)}T{at}", "minutes": 60}
        for day in range(days)
        for number, at in enumerate(STARTS)
    ]
    people: list[dict[str, Any]] = [{"key": f"official-{number}"} for number in range(12)]
    people += [{"key": f"speaker-{number}"} for number in range(sessions)]
    for number, zone in enumerate(("Asia/Tokyo", "America/Lima", "Pacific/Auckland")):
        people[12 + number * 7 % sessions]["remote"] = {"zone": zone}
    people[0]["available"] = [{"start": "2027-05-12T08:00", "end": "2027-05-13T18:00"}]
    those: list[dict[str, Any]] = []
    for number in range(sessions):
        plenary = number < days
        crew: list[dict[str, str]] = [
            {"person": f"speaker-{number}"},
            {"person": f"official-{luck.randrange(12)}", "role": "official"},
        ]
        if luck.random() < 0.3:
            crew.append({"person": f"speaker-{luck.randrange(sessions)}", "role": "chair"})
        those.append(
            {
                "key": f"s{number}",
                "title": f"Session {number}",
                "minutes": luck.choice((45, 60)),
                "people": [
                    each
                    for index, each in enumerate(crew)
                    if each["person"] not in [it["person"] for it in crew[:index]]
                ],
                "expected": 300 if plenary else luck.choice((20, 30, 40, 60, 90)),
                "plenary": plenary,
                "needs": ["booth"] if luck.random() < 0.2 else [],
                "sectors": [] if plenary or luck.random() < 0.3 else [SECTORS[number % len(SECTORS)]],
                "documents": ["tariff-2028"] if number in (9, 23, 31) else [],
                "track": None if plenary else METHODS[number % len(METHODS)],
                "after": ["s11"] if number == 30 else [],
            }
        )
    those[-1] |= {"repeat_of": those[-2]["key"], "expected": those[-2]["expected"], "people": those[-2]["people"]}
    those[0]["locked"] = {"block": "1-1", "room": "room-0"}
    wanted = [each["key"] for each in those if not each["plenary"] and not each.get("repeat_of")]
    wishes = [{"sessions": luck.sample(wanted, 4), "people": luck.randint(1, 3)} for _ in range(150)]
    breaks = [
        {"key": f"lunch-{day + 1}", "start": f"{DAY + timedelta(days=day)}T12:45", "minutes": 60} for day in range(days)
    ]
    return {
        "zone": "Europe/Brussels",
        **{"blocks": blocks, "rooms": rooms, "people": people, "sessions": those, "breaks": breaks, "wishes": wishes},
    }


def dense(seed: int = 1, *, days: int = 3, rooms: int = 7, spare: int = 4) -> dict[str, Any]:
    """The JSON of a symposium with hardly a place to spare: there is a programme, the one that it was made from.

    Rooms as small as can be and their equipment, speakers with several sessions and away for half days, sectors kept
    apart, an order, a room closed for two blocks; `spare` places are empty. By default 120 sessions in 124 places.
    """
    luck = random.Random(seed)
    slots = [(day, at) for day in range(days) for at in range(len(STARTS))]
    first = luck.randrange(days), luck.randrange(2)
    shut = {(first, rooms - 1), ((first[0], first[1] + 1), rooms - 1)}
    at = [(slot, room) for slot in slots for room in range(rooms) if (slot, room) not in shut]
    luck.shuffle(at)
    at = at[spare:]
    equipment = [sorted(luck.sample(("booth", "hybrid", "lab"), luck.choice((0, 1, 2)))) for _ in range(rooms)]
    sizes = sorted(luck.sample(range(30, 300, 10), rooms), reverse=True)
    busy: dict[str, dict[tuple[int, int], int]] = {f"p{number}": {} for number in range(max(len(at) // 2, 5 * rooms))}
    sectors: dict[str, set[tuple[int, int]]] = {each: set() for each in SECTORS}
    those: list[dict[str, Any]] = []
    for number, (slot, room) in enumerate(at):
        free = [key for key, blocks in busy.items() if slot not in blocks and sum(d == slot[0] for d, _ in blocks) < 3]
        crew = luck.sample(free, 2)
        for key in crew:
            busy[key][slot] = room
        sector = next((each for each in luck.sample(SECTORS, 3) if slot not in sectors[each]), None)
        if sector is not None:
            sectors[sector].add(slot)
        those.append(
            {
                "key": f"s{number}",
                "minutes": luck.choice((45, 60)),
                "people": [{"person": key} for key in crew],
                "expected": sizes[room] - luck.choice((0, 5, 10, 25)),
                "needs": equipment[room][: luck.choice((0, 1, 2))],
                "sectors": [] if sector is None else [sector],
                "track": METHODS[number % len(METHODS)],
            }
        )
    earlier = sorted(range(len(at)), key=lambda number: at[number][0])
    for one, other in zip(earlier[::10], earlier[9::10], strict=False):
        if at[one][0] < at[other][0]:
            those[other]["after"] = [f"s{one}"]
    halves = [(day, half) for day in range(days) for half in range(2)]
    people = []
    for key, blocks in busy.items():
        away = [half for half in halves if half not in {(day, at // 3) for day, at in blocks}]
        gone = luck.sample(away, min(len(away), 3))
        people.append({"key": key, "available": [_half(*half) for half in halves if half not in gone]})
    wishes = [
        {"sessions": [f"s{each}" for each in luck.sample(range(len(at)), 4)], "people": luck.randint(1, 3)}
        for _ in range(200)
    ]
    return {
        "zone": "Europe/Brussels",
        "blocks": [
            {"key": f"{day}-{number}", "start": f"{DAY + timedelta(days=day)}T{STARTS[number]}", "minutes": 60}
            for day, number in slots
        ],
        "rooms": [
            {
                "key": f"r{number}",
                "capacity": sizes[number],
                "equipment": equipment[number],
                "closed": [_hours(slot) for slot, room in sorted(shut) if room == number],
            }
            for number in range(rooms)
        ],
        **{"people": people, "sessions": those, "wishes": wishes, "per_day": 3},
    }


def _half(day: int, half: int) -> dict[str, str]:
    date = DAY + timedelta(days=day)
    return {"start": f"{date}T{('08:00', '13:00')[half]}", "end": f"{date}T{('13:00', '19:00')[half]}"}


def _hours(slot: tuple[int, int]) -> dict[str, str]:
    date, hour = DAY + timedelta(days=slot[0]), int(STARTS[slot[1]][:2])
    return {"start": f"{date}T{STARTS[slot[1]]}", "end": f"{date}T{hour + 1:02}:{STARTS[slot[1]][3:]}"}


def tiny(luck: random.Random) -> dict[str, Any]:
    """A few sessions with every kind of demand, each seldom enough that many such problems can be solved."""
    keys = [f"s{number}" for number in range(luck.randint(2, 4))]
    days, times = (12, 12, 15), ("09:00", "09:30", "10:00", "19:30", "22:00")
    starts = [f"2027-05-{luck.choice(days)}T{luck.choice(times)}" for _ in range(luck.randint(2, 4))]
    blocks: list[dict[str, Any]] = [
        {"key": f"b{number}", "start": start, "minutes": luck.choice((30, 60, 90))}
        for number, start in enumerate(starts)
    ]
    rooms: list[dict[str, Any]] = [
        {"key": f"r{number}", "capacity": luck.choice((5, 20, 40)), "equipment": luck.choice(([], ["booth"]))}
        for number in range(luck.randint(1, 3))
    ]
    people: list[dict[str, Any]] = [{"key": f"p{number}"} for number in range(3)]
    day = {"start": "2027-05-12T09:00", "end": "2027-05-12T23:30"}
    early, late = day | {"end": "2027-05-12T10:00"}, day | {"start": "2027-05-12T10:00"}
    if luck.random() < 0.3:
        people[0]["available"] = luck.choice(([day], [early], [late, early]))
    if luck.random() < 0.4:
        people[1]["remote"] = {"zone": luck.choice(("Asia/Tokyo", "America/Lima")), "days_off": [4, 5]}
    if luck.random() < 0.2:
        people[2]["per_day"] = 1
    if luck.random() < 0.2:
        rooms[-1]["closed"] = [luck.choice((early, late))]
    sessions = [_session(luck, key, keys[:number], blocks, rooms) for number, key in enumerate(keys)]
    first = [each["key"] for each in sessions if "repeat_of" not in each]
    data: dict[str, Any] = {
        **{"zone": "Europe/Brussels", "blocks": blocks, "rooms": rooms, "people": people, "sessions": sessions},
        "wishes": [
            {"sessions": luck.sample(first, luck.randint(1, len(first))), "people": luck.randint(1, 30)}
            for _ in range(luck.randint(0, 4))
        ],
        "walk": luck.choice((0, 15, 45)),
    }
    if luck.random() < 0.2:
        data["per_day"] = 2
    if luck.random() < 0.3:
        spared = luck.choice(([], ["p0"]))
        data["breaks"] = [{"key": "lunch", "start": "2027-05-12T09:30", "minutes": 20, "people": spared}]
    if luck.random() < 0.3 and len(rooms) > 1:
        data["walks"] = [{"rooms": ["r0", "r1"], "minutes": luck.choice((0, 5, 70))}]
    if luck.random() < 0.3:
        data["weights"] = {
            part: luck.randint(0, 9) for part in ("wishes", "popular", "waste", "tracks", "hours", "day")
        }
    return data


def _session(luck: random.Random, key: str, earlier: list[str], blocks: Any, rooms: Any) -> dict[str, Any]:
    def seldom(share: float, value: Any, otherwise: Any) -> Any:
        return value if luck.random() < share else otherwise

    roles = ("speaker", "official", "chair", "interpreter")
    session: dict[str, Any] = {
        "key": key,
        "minutes": luck.choice((30, 30, 45, 60)),
        "people": [{"person": f"p{luck.randrange(3)}", "role": role} for role in roles if luck.random() < 0.25],
        "expected": luck.choice((0, 5, 15)),
        "needs": seldom(0.1, ["booth"], []),
        "plenary": luck.random() < 0.1,
        "sectors": seldom(0.3, luck.sample(("food", "cars"), luck.randint(1, 2)), []),
        "documents": seldom(0.2, ["law"], []),
        "track": luck.choice((None, "alerts", "rulings")),
        "after": seldom(0.2, earlier[-1:], []),
        "blocks": seldom(0.1, [blocks[0]["key"]], []),
        "rooms": seldom(0.1, [rooms[0]["key"]], []),
    }
    if earlier and luck.random() < 0.2:
        session["repeat_of"] = earlier[0]
    if luck.random() < 0.15:
        session["locked"] = luck.choice(({"block": blocks[-1]["key"]}, {"room": rooms[-1]["key"]}))
    return session
