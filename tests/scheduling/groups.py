"""The groups that published figures are known for, to hold ours against."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from scheduling import regions
from scheduling.meetings import Attendee, Year, monthly

WEDNESDAY = 2
# Thirty of Asia/Pacific. With these every figure known for them comes out alike: 14:00 in Brussels, the best fixed
# time, and the exact plan of two slots. Of members in one zone, such as Hong Kong and Macao, it could be either.
ASIA_PACIFIC = (
    *("AF", "AU", "BD", "BN", "BT", "CN", "FJ", "HK", "ID", "IN", "IR", "JP", "KH", "KR", "LA"),
    *("LK", "MM", "MN", "MV", "MY", "NP", "NZ", "PG", "PH", "PK", "SG", "TH", "TO", "VN", "WS"),
)
# Five of each region. The plain plans known for such a group come out alike; its members themselves were not published.
WORLD = (
    *("AU", "CN", "IN", "JP", "NZ", "BR", "CL", "CO", "MX", "US", "AE", "DZ", "EG", "SA", "TN"),
    *("DE", "FI", "GB", "KZ", "TR", "BW", "KE", "MU", "TZ", "ZA", "CI", "CM", "GH", "NG", "SN"),
)


def plain(codes: Collection[str]) -> tuple[Attendee, ...]:
    """These members by their clocks and working weeks alone, as the published figures count."""
    chosen = regions.attendees(member for member in regions.members() if member.code in codes)
    return tuple(replace(each, week=replace(each.week, country=None), keeps_ramadan=False) for each in chosen)


def wednesdays(codes: Collection[str], slots: int) -> Year:
    """An hour on the second Wednesday of each month of 2027."""
    return Year(plain(codes), monthly(2027, 2, [WEDNESDAY]), slots=slots)
