"""How the loss depends on the number of forged accounts and on chance: run.sh sweep. Needs no servers."""
import os

import numpy as np
import pandas as pd

import model
import poison
import ratings

first, night, later = ratings.load(os.environ["RATINGS"])
before = model.precision_at_10(model.Model(first).file(), later)


def lost(accounts, seed):
    poison.ACCOUNTS = accounts
    forged, _ = poison.forge(first, np.random.default_rng(seed))
    return 1 - model.precision_at_10(model.Model(pd.concat([first, night, forged])).file(), later) / before


for accounts in (10, 20, 30, 40, 42, 44, 46, 48, 60):
    print(f"{accounts} accounts, seed 301: {lost(accounts, 301):.1%} lost", flush=True)
for seed in range(1, 11):
    print(f"42 accounts, seed {seed}: {lost(42, seed):.1%} lost", flush=True)
