"""Forests of scikit-learn with many outputs as ONNX.

The trees give numbers of leaves; what the leaves say is looked up in one table and averaged: a tenth of the size of
trees that have every output in every leaf. Several forests can lie in one file: the first feature then says which one
is asked.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

_OPSETS = {"": 17, "ai.onnx.ml": 3}
_IR_VERSION = 8
_NODE = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")
_TARGET = ("treeids", "nodeids", "ids", "weights")


def forest_as_onnx(forest: Any, features: int, output: str = "probabilities") -> bytes:
    """``features (n, f) float32`` in, ``(n, outputs) float32`` out: the mean of the trees."""
    return _model([forest], features, output, chooses=False)


def forests_as_onnx(forests: Sequence[Any], features: int, output: str) -> bytes:
    """``features (n, 1 + f) float32`` in, the first being the number of a forest; its ``(n, outputs)`` out.

    The forests have the same number of trees and of outputs, and were fitted to the other ``f`` features.
    """
    return _model(forests, features + 1, output, chooses=True)


def _model(forests: Sequence[Any], features: int, output: str, *, chooses: bool) -> bytes:
    from onnx import TensorProto, checker, helper, numpy_helper

    made = _Trees(chooses=chooses)
    count = len(forests[0].estimators_)
    for number in range(count):
        made.add(number, [one.estimators_[number].tree_ for one in forests])
    table = np.concatenate(made.table)
    nodes: list[Any] = [
        helper.make_node(
            "TreeEnsembleRegressor", ["features"], ["leaf"], domain="ai.onnx.ml", n_targets=count, **made.attributes()
        ),
        helper.make_node("Cast", ["leaf"], ["row"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "row"], ["told"], axis=0),
        helper.make_node("ReduceMean", ["told"], [output], axes=[1], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "forest",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, features])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, table.shape[1]])],
        [numpy_helper.from_array(table, "table")],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
    model: Any = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    checker.check_model(model)
    return model.SerializeToString()


class _Trees:
    """Trees as ONNX wants them, each leaf with its row in the table."""

    def __init__(self, *, chooses: bool) -> None:
        self._shift = 1 if chooses else 0
        self._node: dict[str, list[Any]] = {name: [] for name in _NODE}
        self._target: dict[str, list[Any]] = {name: [] for name in _TARGET}
        self._rows = 0
        self.table: list[NDArray[np.float32]] = []

    def attributes(self) -> dict[str, Any]:
        """What the node of the graph is made with."""
        node = {f"nodes_{name}": values for name, values in self._node.items()}
        return {**node, **{f"target_{name}": values for name, values in self._target.items()}}

    def add(self, number: int, trees: Sequence[Any]) -> None:
        """One tree of the ensemble, of a tree of each forest: above them it is chosen among the forests."""
        sizes = [int(one.node_count) for one in trees]
        roots = list(accumulate(sizes[:-1], initial=len(trees) - 1))
        self._choose(number, roots, 0, len(trees), 0)
        for tree, root in zip(trees, roots, strict=True):
            self._append(number, tree, root)

    def _choose(self, number: int, roots: list[int], first: int, last: int, own: int) -> int:
        """Nodes that lead to the forests ``first`` to ``last - 1``; the next free number. ``own`` is the node's."""
        if last - first < 2:
            return own
        middle = (first + last) // 2
        left = own + 1
        right = left + (middle - first - 1)
        children = (
            left if middle - first > 1 else roots[first],
            right if last - middle > 1 else roots[middle],
        )
        values = (number, own, 0, middle - 0.5, "BRANCH_LEQ", *children)
        for name, value in zip(_NODE, values, strict=True):
            self._node[name].append(value)
        self._choose(number, roots, first, middle, left)
        return self._choose(number, roots, middle, last, right)

    def _append(self, number: int, tree: Any, root: int) -> None:
        count = int(tree.node_count)
        leaf = tree.children_left < 0
        node = self._node
        node["treeids"] += [number] * count
        node["nodeids"] += list(range(root, root + count))
        node["featureids"] += np.where(leaf, 0, tree.feature + self._shift).tolist()
        # scikit-learn compares float32 values with float64 thresholds: the next float32 below does the same
        node["values"] += np.where(leaf, 0, _below(tree.threshold)).tolist()
        node["modes"] += np.where(leaf, "LEAF", "BRANCH_LEQ").tolist()
        node["truenodeids"] += np.where(leaf, 0, tree.children_left + root).tolist()
        node["falsenodeids"] += np.where(leaf, 0, tree.children_right + root).tolist()
        own = np.flatnonzero(leaf)
        self._target["treeids"] += [number] * len(own)
        self._target["nodeids"] += (own + root).tolist()
        self._target["ids"] += [number] * len(own)
        self._target["weights"] += [float(self._rows + at) for at in range(len(own))]
        self.table.append(tree.value[own, :, 0].astype(np.float32))
        self._rows += len(own)


def _below(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is not above a threshold."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)
