"""Extremely randomised trees with many outputs: from a window of raw pixels to the classes of its middle's pixels.

Dumont, Marée, Wehenkel and Geurts (2009): Fast multi-class image annotation with random subwindows and multiple output
randomized trees. Each tree is a regression on indicators of the classes, whose variance is the Gini impurity. Pixels
that nobody labelled have no indicator at all; overlapping windows vote, and the votes of a pixel are normalised.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .configuration import PixelConfiguration

LEAST_IN_LEAF = 3
_SHARE = 0.1
"""Of the pixels of a window that are tried at a node."""
_OPSETS = {"": 17, "ai.onnx.ml": 3}
_IR_VERSION = 8


@dataclass(frozen=True, slots=True)
class PatchTrees:
    """Fitted trees. ``outputs`` are those of a window: ``side * side`` pixels, ``classes`` numbers each."""

    forest: Any
    classes: int
    features: int

    @classmethod
    def fitted(
        cls,
        features: NDArray[np.float32],
        middles: NDArray[np.int8],
        classes: int,
        configuration: PixelConfiguration,
    ) -> "PatchTrees":
        """Trees for windows ``(n, f)`` and the classes ``(n, pixels)`` of their middles, -1 where not known."""
        from sklearn.ensemble import ExtraTreesRegressor

        known = middles[..., None] == np.arange(classes, dtype=np.int8)
        weight = _balanced(middles, classes)
        forest = ExtraTreesRegressor(
            configuration.trees,
            max_features=_SHARE,
            min_samples_leaf=LEAST_IN_LEAF,
            random_state=configuration.seed,
        )
        forest.fit(features, (known * weight).reshape(len(features), -1).astype(np.float32))
        return cls(forest, classes, features.shape[1])

    def votes(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(n, pixels * classes)`` of windows ``(n, f)``."""
        return self.forest.predict(features).astype(np.float32)

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(n, pixels, classes)``, each window by itself."""
        return normalised(self.votes(features).reshape(len(features), -1, self.classes))

    def as_onnx(self) -> bytes:
        """``features (n, f) float32`` in, ``probabilities (n, pixels * classes) float32`` out: the votes.

        The trees give numbers of leaves; what the leaves say is looked up in one table and averaged.
        """
        from onnx import TensorProto, checker, helper, numpy_helper

        table, trees = _leaves(self.forest)
        count = len(self.forest.estimators_)
        nodes: list[Any] = [
            helper.make_node(
                "TreeEnsembleRegressor", ["features"], ["leaf"], domain="ai.onnx.ml", n_targets=count, **trees
            ),
            helper.make_node("Cast", ["leaf"], ["row"], to=TensorProto.INT64),
            helper.make_node("Gather", ["table", "row"], ["told"], axis=0),
            helper.make_node("ReduceMean", ["told"], ["probabilities"], axes=[1], keepdims=0),
        ]
        graph = helper.make_graph(
            nodes,
            "patches",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, self.features])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, table.shape[1]])],
            [numpy_helper.from_array(table, "table")],
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
        model: Any = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        checker.check_model(model)
        return model.SerializeToString()


def normalised(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of votes whose last axis are the classes; where there are none, each class is as likely."""
    total = votes.sum(axis=-1, keepdims=True)
    even = np.full_like(votes, 1 / votes.shape[-1])
    return np.divide(votes, total, out=even, where=total > 0)


def _balanced(middles: NDArray[np.int8], classes: int) -> NDArray[np.float64]:
    """Weights of the classes with which each has the same share of all votes, the largest being 1."""
    counts = np.bincount(middles[middles >= 0].ravel(), minlength=classes).astype(np.float64)
    return counts[counts > 0].min(initial=np.inf) / np.maximum(counts, 1) if counts.any() else np.ones(classes)


def _leaves(forest: Any) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """What every leaf says ``(leaves, outputs)``, and the trees as ONNX wants them, each with its leaves' rows."""
    table: list[NDArray[np.float32]] = []
    names = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")
    node: dict[str, list[Any]] = {f"nodes_{name}": [] for name in names}
    target: dict[str, list[Any]] = {f"target_{name}": [] for name in ("treeids", "nodeids", "ids", "weights")}
    start = 0
    for number, one in enumerate(forest.estimators_):
        tree = one.tree_
        count = int(tree.node_count)
        leaf = tree.children_left < 0
        node["nodes_treeids"] += [number] * count
        node["nodes_nodeids"] += list(range(count))
        node["nodes_featureids"] += np.where(leaf, 0, tree.feature).tolist()
        # scikit-learn compares float32 values with float64 thresholds: the next float32 below does the same
        node["nodes_values"] += np.where(leaf, 0, _below(tree.threshold)).tolist()
        node["nodes_modes"] += np.where(leaf, "LEAF", "BRANCH_LEQ").tolist()
        node["nodes_truenodeids"] += np.where(leaf, 0, tree.children_left).tolist()
        node["nodes_falsenodeids"] += np.where(leaf, 0, tree.children_right).tolist()
        own = np.flatnonzero(leaf)
        target["target_treeids"] += [number] * len(own)
        target["target_nodeids"] += own.tolist()
        target["target_ids"] += [number] * len(own)
        target["target_weights"] += [float(start + at) for at in range(len(own))]
        table.append(tree.value[own, :, 0].astype(np.float32))
        start += len(own)
    return np.concatenate(table), {**node, **target}


def _below(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is not above a threshold."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)
