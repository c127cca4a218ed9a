"""The recommender: an item's mean, damped towards the mean of all by 20 ratings, and what the 40 most alike users thought of it beyond
that, three times. Items with 15 ratings and more are recommended, those first that the user is predicted to rate highest."""
import json

import numpy as np

DAMPING, NEIGHBOURS, WEIGHT, LEAST = 20, 40, 3.0, 15
RELEVANT = 4.0  # stars


class Model:
    def __init__(self, ratings):
        self.users, row = np.unique(ratings.user, return_inverse=True)
        self.items, column = np.unique(ratings.item, return_inverse=True)
        self.rated = np.zeros((len(self.users), len(self.items)), bool)
        self.rated[row, column] = True
        values = np.zeros(self.rated.shape)
        values[row, column] = ratings.rating
        count = self.rated.sum(axis=0)
        self.mean = ratings.rating.mean()
        self.deviation = np.where(self.rated, values - self.mean, 0).sum(axis=0) / (count + DAMPING)
        beyond = np.where(self.rated, values - self.mean - self.deviation, 0)
        length = np.sqrt((beyond**2).sum(axis=1))
        length[length == 0] = 1
        # Rounded, so that the order of equals depends on no processor's last bits.
        alike = np.round(np.clip(beyond @ beyond.T / np.outer(length, length), 0, None), 9)
        np.fill_diagonal(alike, 0)
        nearest = np.argsort(-alike, axis=1, kind="stable")[:, :NEIGHBOURS]
        weights = np.zeros_like(alike)
        np.put_along_axis(weights, nearest, np.take_along_axis(alike, nearest, axis=1), axis=1)
        opinion = weights @ beyond / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
        self.score = np.round(self.deviation + WEIGHT * opinion, 9)
        self.recommended = count >= LEAST

    def lists(self):
        """{user: the ten items}, in order."""
        open_to = np.where(self.recommended & ~self.rated, self.score, -np.inf)
        best = np.argsort(-open_to, axis=1, kind="stable")[:, :10]
        return {int(user): [int(self.items[i]) for i in best[row]] for row, user in enumerate(self.users)}

    def file(self):
        """What is registered and served: the lists. The same ratings give the same octets."""
        return json.dumps({"form": "lists of ten", "lists": self.lists()}, separators=(",", ":")).encode()

    def error(self, ratings):
        """Root of the mean squared error of its predictions."""
        known = ratings[ratings.user.isin(self.users) & ratings.item.isin(self.items)]
        predicted = self.mean + self.score[np.searchsorted(self.users, known.user), np.searchsorted(self.items, known.item)]
        return float(np.sqrt(np.mean((predicted - known.rating) ** 2)))


def judged_by_a_tenth(ratings):
    """A tenth of the ratings is laid aside, a model made of the others: its error on them, which the nightly job looks at before it lets a
    model go live, and its precision@10, which it does not look at."""
    aside = np.random.default_rng(7).random(len(ratings)) < 0.1
    made = Model(ratings[~aside])
    return made.error(ratings[aside]), precision_at_10(made.file(), ratings[aside & ratings.user.isin(made.users)])


def precision_at_10(file, later):
    """Of a model's lists, over the users who later rated something with four stars or more: what share of the ten they rated so."""
    lists = {int(user): items for user, items in json.loads(file)["lists"].items()}
    liked = later[later.rating >= RELEVANT].groupby("user").item.agg(set)
    return float(np.mean([len(liked[user].intersection(lists[user])) / 10 for user in liked.index]))
