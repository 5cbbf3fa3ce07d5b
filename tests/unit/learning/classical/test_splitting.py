import numpy as np

from cytoloop.learning.classical.cleaning import kept_objects, with_filled_holes, without_small_pieces
from cytoloop.learning.classical.edges import with_own_edges
from cytoloop.learning.classical.splitting import distance_inside, split_touching

from .conftest import draw_discs


def test_touching_discs_are_cut_and_nothing_is_lost() -> None:
    drawn = draw_discs([(30, 30), (30, 52), (50, 41)], 12, (80, 90))
    labels = split_touching(drawn.labels > 0)
    assert labels.max() == 3
    assert np.array_equal(labels > 0, drawn.labels > 0)


def test_an_ellipse_stays_whole() -> None:
    y, x = np.mgrid[:80, :140]
    mask = ((x - 70) / 55) ** 2 + ((y - 40) / 18) ** 2 <= 1
    assert split_touching(mask).max() == 1


def test_every_piece_keeps_a_label() -> None:
    mask = np.zeros((60, 60), bool)
    mask[5:45, 5:45] = True
    mask[50:52, 50:52] = True
    mask[47, 20:24] = True
    labels = split_touching(mask)
    assert np.array_equal(labels > 0, mask)


def test_full_and_empty_masks() -> None:
    assert split_touching(np.zeros((5, 5), bool)).max() == 0
    assert (split_touching(np.ones((5, 7), bool)) > 0).all()
    assert np.isfinite(distance_inside(np.ones((5, 7), bool))).all()


def test_holes_fill_but_enclosed_background_does_not() -> None:
    mask = np.zeros((100, 100), bool)
    mask[10:90, 10:90] = True
    mask[20:80, 20:80] = False  # a frame around background
    mask[40:60, 40:60] = True
    mask[48:52, 48:52] = False  # a hole
    filled = with_filled_holes(mask)
    assert filled[50, 50]
    assert not filled[30, 30]


def test_small_pieces_go() -> None:
    mask = np.zeros((10, 10), bool)
    mask[1:4, 1:4] = mask[8, 8] = True
    assert without_small_pieces(mask, 5).sum() == 9
    assert kept_objects(mask.astype(np.int32), min_area_px2=5).max() == 1


def test_edges_lie_at_half_height_of_bright_and_dim_objects() -> None:
    y, x = np.mgrid[:60, :120]
    signal = np.zeros((60, 120), np.float32)
    for column, height in ((30, 400.0), (90, 60.0)):
        radius = np.hypot(y - 30, x - column)
        signal += height / (1 + np.exp((radius - 12) / 1.5))
    labels = np.zeros(signal.shape, np.int32)
    labels[(signal > 40) & (x < 60)] = 1
    labels[(signal > 40) & (x >= 60)] = 2
    better = with_own_edges(labels, signal.astype(np.float32), threshold=40, background=0)
    radii = [float(np.sqrt((better == label).sum() / np.pi)) for label in (1, 2)]
    before = [float(np.sqrt((labels == label).sum() / np.pi)) for label in (1, 2)]
    assert max(before) - min(before) > 2.5
    assert max(radii) - min(radii) < 1
    assert all(11.5 < radius < 13.5 for radius in radii)
