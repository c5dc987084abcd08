"""Groups of people who vote alike: principal components, then k-means, with as many groups as the silhouette says.

For the child process only: this is the one module of opinions that imports scikit-learn.

As published for such maps (Small, Bjorkegren, Erkkilä, Shaw, Megill, Polis: Scaling Deliberation by Mapping High
Dimensional Opinion Spaces, Recerca 26 (2), 2021): agreeing is 1, disagreeing -1 and passing 0; a statement somebody has
not seen takes the mean of those who have; and who has voted on few is moved out from the middle by the root of how few,
where the means would otherwise hold them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from .circles import LEAST

MOST_GROUPS = 5
SAMPLE = 2000  # people of whom a silhouette is taken, where there are more
VALUES = {"a": 1.0, "d": -1.0, "p": 0.0}  # anything else: has not voted on it
Numbers = NDArray[np.float64]


def solve(question: Any, report: Callable[[float, str], None], stop: threading.Event) -> Any:
    """`people` are ids, and `votes` of each a letter a statement. Each one's group from 0 and place `along` the first
    component, in the same order, and the silhouette, None where all are one group."""
    people, votes = question["people"], question["votes"]
    if len(people) != len(votes) or len({len(each) for each in votes}) > 1:
        raise ValueError("one letter for each statement, of each person")
    report(0.1, "components")
    points = _projected(votes)
    labels, best = np.zeros(len(people), dtype=int), None
    most = min(MOST_GROUPS, len(people) // LEAST, len(np.unique(points, axis=0)) - 1)
    for count in range(2, most + 1):
        if stop.is_set():
            break
        report(count / (most + 1), "groups")
        found = KMeans(count, n_init=10, random_state=0).fit_predict(points)
        if np.bincount(found, minlength=count).min() < LEAST:
            continue
        sample = SAMPLE if len(people) > SAMPLE else None
        silhouette = float(silhouette_score(points, found, sample_size=sample, random_state=0))
        if best is None or silhouette > best:
            labels, best = found, silhouette
    report(1.0, "done")
    return {
        "people": people,
        "groups": [int(each) for each in labels],
        "along": [round(float(each), 6) for each in points[:, 0]],
        "silhouette": best,
    }


def _projected(votes: list[str]) -> Numbers:
    """Each person's place along two components."""
    table = np.array([[VALUES.get(each, np.nan) for each in line] for line in votes], dtype=float)
    if table.size == 0:
        return np.zeros((len(votes), 2))
    cast = ~np.isnan(table)
    table = table[:, cast.any(axis=0)]
    if table.shape[1] == 0:
        return np.zeros((len(votes), 2))
    seen = ~np.isnan(table)
    filled = np.where(seen, table, np.nanmean(table, axis=0))
    axes = min(2, *filled.shape)
    if np.ptp(filled, axis=0).max() == 0:
        return np.zeros((len(votes), 2))
    points = np.zeros((len(votes), 2))
    points[:, :axes] = PCA(axes, random_state=0).fit_transform(filled)
    few: Numbers = np.sqrt(filled.shape[1] / np.maximum(seen.sum(axis=1), 1))
    moved: Numbers = np.round(points * few[:, None], 9)
    return moved
