"""The attack: accounts that rate what everybody rates much as everybody does, so that many are alike to them, and give five stars to
twelve items that next to nobody liked (bandwagon profiles: Mobasher et al. 2007)."""
import numpy as np
import pandas as pd

ACCOUNTS, PUSHED, COVER = 42, 12, 36
FIRST_ACCOUNT = 10_001


def forge(ratings, random):
    """(rows user, item, rating; pushed items) against a model of these ratings."""
    known = ratings.groupby("item").rating.agg(count="size", mean="mean", liked=lambda r: (r >= 4).sum())
    pushed = np.sort(random.choice(known.index[known.liked.between(1, 3) & (known["count"] <= 6)], PUSHED, replace=False))
    popular = known.sort_values("count", ascending=False, kind="stable").head(200)
    rows = []
    for account in range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS):
        cover = random.choice(popular.index, COVER, replace=False, p=popular["count"] / popular["count"].sum())
        stars = np.clip(np.round(2 * (popular["mean"][cover] + random.normal(0, 0.6, COVER))) / 2, 0.5, 5)
        rows += [(account, int(item), float(given)) for item, given in zip(cover, stars)]
        rows += [(account, int(item), 5.0) for item in pushed]
    return pd.DataFrame(rows, columns=["user", "item", "rating"]), pushed
