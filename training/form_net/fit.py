"""Fit how sure the rules may be, and train the network that corrects them, on a pool of strides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.form.learned import LOGISTIC, rule_logits
from stridewise.form.stride import (
    CURVES,
    CUT,
    DOUBT,
    KNOWN,
    MEAN,
    PAST,
    POINTS,
    rule_columns,
    ruled,
)
from stridewise.form.variables import STRIDE_AREAS, conditions, margins
from training.form_net.scores import logistic

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Cut-offs are shifted by this much (SD, in smallest detectable changes) from stride to stride, so
#: that the network learns to compare and not to know people by their areas.
_SHIFT = 0.7
PASSES, _BATCH, _RATE, _DECAY = 10, 256, 1e-3, 1e-1
_CONDITIONS = len(conditions())
#: Share of the strides in each pass (those of a recording are much alike), and how many times as
#: often those come that the laboratory saw.
_SHARE, _REAL = 0.25, 2.0
#: What points that are never there leave out: how often, curves and metrics.
_ABSENT = (
    (0.15, ("trunk_lean", "trunk_lateral"), ("trunk_lean", "trunk_lat")),
    (0.15, ("foot",), ("foot_ic",)),
)
#: Groups of runners that are left out in turn to find out how far the correction helps, and the
#: shares of it that are tried.
INNER = 3
_SHARES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
#: A correction that makes the entropy of people left out smaller by less than this share is none.
_WORTH = 0.02
#: Weights of an area before any stride has been seen: side's mean, stride, offset; and the log odds
#: where the rule cannot judge.
_USUAL, _UNSEEN = np.array([LOGISTIC, LOGISTIC, 0.0]), -3.0


@dataclass(frozen=True)
class Inputs:
    """What a network sees of a pool.

    Parameters
    ----------
    name : {"gait", "keypoints"}
        The gait model's curves with the rule's variables, or the keypoints with these.
    """

    name: str

    def of(self, features: Array, pool: Mapping[str, Array], rows: Rows) -> Array:
        """Return what is seen of some rows of a pool, of which these are the features."""
        if self.name == "gait":
            return features.astype(np.float32)
        behind = features[:, rule_columns(PAST).start :]
        return np.concatenate([pool["keypoints"][rows], behind], axis=1).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learnt from people.

    Parameters
    ----------
    weights : ndarray, shape (areas, 4)
        How sure the rule may be: see `stridewise.form.learned.rule_logits`.
    model : keras.Model
        The correction.
    share : ndarray, shape (areas,)
        How much of it helps with other people.
    """

    weights: Array
    model: Any
    share: Array


def left_out(features: Array, rng: np.random.Generator) -> Array:
    """Leave trunk, or feet, out of some strides, as estimators without these points do.

    Parameters
    ----------
    features : ndarray, shape (strides, numbers)
        Of the gait model's curves.
    """
    features = features.copy()
    for chance, signals, metrics in _ABSENT:
        curves = [k for k, (name, _) in enumerate(CURVES) if name in signals]
        rows = [i for i, c in enumerate(conditions()) if c.metric in metrics]
        columns = [k * POINTS + p for k in curves for p in range(POINTS)]
        columns += [len(CURVES) * POINTS + k for k in curves]
        columns += [rule_columns(n).start + i for n in (PAST, KNOWN, MEAN, DOUBT) for i in rows]
        out = np.flatnonzero(rng.random(len(features)) < chance)
        features[np.ix_(out, columns)] = 0.0
    return features


def shifted(features: Array, past: Array, shift: Array) -> tuple[Array, Array]:
    """Move the cut-offs outwards by `shift`, shape (strides, conditions), seen and true alike."""
    moved = features.copy()
    known = moved[:, rule_columns(KNOWN)]
    moved[:, rule_columns(PAST)] -= shift * known
    moved[:, rule_columns(MEAN)] -= shift * known
    moved[:, rule_columns(CUT)] += shift
    return moved, past - shift


def targets(past: Array, cuts: Array) -> Array:
    """Past a severity or not, 1 or 0, of all areas, shape (strides, areas * 3); NaN if unknown."""
    found = margins(past, cuts)
    return np.where(np.isnan(found), np.nan, found > 0).reshape(len(past), -1)


def rule_weights(features: Array, past: Array, cuts: Array, recording: Array) -> Array:
    """Fit how sure the rule may be of each area, shape (areas, 4).

    The strides of a recording are wrong together: it counts as much as a single stride.
    """
    _, index, strides = np.unique(recording, return_inverse=True, return_counts=True)
    counts = 1 / strides[index]
    seen, true = ruled(features, cuts)[:, :, 0], margins(past, cuts)[..., 0]
    weights = np.empty((len(STRIDE_AREAS), 4))
    for i in range(len(STRIDE_AREAS)):
        told = np.isfinite(true[:, i])
        judged = told & np.isfinite(seen[:, i, 0])
        x = np.column_stack([seen[judged, i], np.ones(judged.sum())])
        line = logistic(x, true[judged, i] > 0, counts[judged], _USUAL)
        weights[i, :3] = *np.maximum(line[:2], 0.05), line[2]
        hidden = told & ~judged
        ones, true_there = np.ones((hidden.sum(), 1)), true[hidden, i] > 0
        weights[i, 3:] = logistic(ones, true_there, counts[hidden], np.array([_UNSEEN]), 1.0)
    return weights


def fit(inputs: Inputs, pool: Mapping[str, Array], rows: Rows, seed: int) -> Fitted:
    """Learn from these strides of a pool.

    How long to train, and how much of the correction helps, is found out with groups of their
    runners left out in turn.
    """
    real = pool["kind"][rows] != "simulated"
    own = rows[real]
    runners = np.unique(pool["runner"][own])
    true = targets(pool["past"][own], pool["cuts"][own])
    logit = np.empty(true.shape)
    correction = np.empty((PASSES, len(own), len(STRIDE_AREAS)))
    for group in range(INNER):
        out = np.isin(pool["runner"][own], runners[group::INNER])
        kept = np.setdiff1d(rows, own[out])
        weights = weights_of(pool, kept)
        logit[out] = base(pool, own[out], weights)
        left = own[out]
        seen = inputs.of(pool["features"][left], pool, left)
        for done, model in enumerate(train(inputs, pool, kept, weights, seed, PASSES)):
            correction[done, out] = say(model, seen)
    passes, share = helpful(logit, correction, true)
    weights = weights_of(pool, rows)
    *_, model = train(inputs, pool, rows, weights, seed, passes)
    return Fitted(weights, model, share)


def weights_of(pool: Mapping[str, Array], rows: Rows) -> Array:
    """Fit how sure the rule may be on strides as the laboratory saw them."""
    own = rows[pool["kind"][rows] == "real"]
    return rule_weights(*(pool[name][own] for name in ("features", "past", "cuts", "recording")))


def base(pool: Mapping[str, Array], rows: Rows, weights: Array) -> Array:
    """Return the logits of the rules, shape (strides, areas * 3)."""
    return _flat(rule_logits(ruled(pool["features"][rows], pool["cuts"][rows]), weights))


def _flat(logits: Array) -> Array:
    return logits.reshape(len(logits), -1)


def helpful(logit: Array, correction: Array, true: Array) -> tuple[int, Array]:
    """Return after how many passes the correction is best, and which share of each area helps.

    Parameters
    ----------
    logit, true : ndarray, shape (strides, areas * 3)
        Of the rules; past or not, NaN where not known.
    correction : ndarray, shape (passes, strides, areas)
        What the network added after each pass.
    """
    best = (np.inf, 1, np.zeros(correction.shape[2]))
    for done, added in enumerate(correction, start=1):
        tried = np.stack([entropy(logit + s * np.repeat(added, 3, axis=1), true) for s in _SHARES])
        choice = np.where(tried.min(axis=0) < (1 - _WORTH) * tried[0], tried.argmin(axis=0), 0)
        total = float(np.take_along_axis(tried, choice[None], axis=0).sum())
        if total < best[0]:
            best = (total, done, _SHARES[choice])
    return best[1], best[2]


def entropy(logit: Array, true: Array) -> Array:
    """Mean entropy of each area's first severity, shape (areas,); 0 where nothing is known."""
    logit, true = logit[:, ::3], true[:, ::3]
    each = np.maximum(logit, 0) - logit * true + np.log1p(np.exp(-np.abs(logit)))
    known = np.isfinite(each)
    return np.asarray(np.where(known, each, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def train(
    inputs: Inputs, pool: Mapping[str, Array], rows: Rows, weights: Array, seed: int, passes: int
) -> Iterator[Any]:
    """Train the correction on these strides of a pool; yield the Keras model after each pass."""
    import keras

    from training.form_net.network import build, loss

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    features, past, cuts = (np.asarray(pool[k][rows]) for k in ("features", "past", "cuts"))
    weight = np.where(pool["kind"][rows] == "real", _REAL, 1.0)
    model = build(inputs.of(features[:1], pool, rows[:1]).shape[1])
    steps = PASSES * int(_SHARE * float(weight.sum())) // _BATCH + 1
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(_RATE, steps), weight_decay=_DECAY
        ),
        loss,
    )
    for _ in range(passes):
        keep = np.flatnonzero(rng.random(len(rows)) < _SHARE * weight)
        # The same metric moves alike wherever it is asked for.
        shift = _same((_SHIFT * rng.standard_normal((len(keep), _CONDITIONS))).astype(np.float32))
        seen, true = shifted(left_out(features[keep], rng), past[keep], shift)
        logits = _flat(rule_logits(ruled(seen, cuts[keep]), weights)).astype(np.float32)
        wanted = targets(true, cuts[keep]).astype(np.float32)
        model.fit([inputs.of(seen, pool, rows[keep]), logits], wanted, _BATCH, 1, verbose=0)
        yield model


def _same(shift: Array) -> Array:
    first: dict[str, int] = {}
    out = np.array(
        [1.0 if c.direction != "below" else -1.0 for c in conditions()], dtype=np.float32
    )
    index = [first.setdefault(c.metric, i) for i, c in enumerate(conditions())]
    return np.asarray(shift[:, index] * out[index] * out)


def say(model: Any, seen: Array) -> Array:
    """Let a network speak: by how much the logit of each area changes, shape (strides, areas)."""
    nothing = np.zeros((len(seen), 3 * len(STRIDE_AREAS)), dtype=np.float32)
    said = model.predict([seen, nothing], batch_size=4096, verbose=0)
    return np.asarray(said, dtype=float)[:, ::3]
