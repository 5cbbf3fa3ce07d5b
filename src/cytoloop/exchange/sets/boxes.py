"""Boxes: a table of them, and the text files that YOLO reads."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from shapely.geometry.base import BaseGeometry

from .model import Plane, SetImage, SetOptions, class_numbers, class_of, folder_in, picture_of, planes_of


def write_boxes(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """``x, y, width, height`` of each object (px of the file), one CSV a plane."""
    paths: list[Path] = []
    for image in images:
        for plane in planes_of(image, options):
            path = folder_in(folder, "bounding_boxes") / f"{plane.name}.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["x", "y", "width", "height", "class"])
                for one, geometry in zip(plane.objects, plane.geometries, strict=True):
                    x0, y0, x1, y1 = geometry.bounds
                    writer.writerow([f"{value:.3f}" for value in (x0, y0, x1 - x0, y1 - y0)] + [_plain(class_of(one))])
            paths.append(path)
    return paths


def _plain(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in "=+-@" else name


def write_yolo(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """Detection labels: class and box as shares of the picture, with pictures and ``data.yaml``."""
    return _yolo(images, folder, options, _box_line)


def write_yolo_segments(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """Segmentation labels: class and outline as shares of the picture. Each part is a line; holes are lost."""
    return _yolo(images, folder, options, _segment_lines)


Lines = Callable[[BaseGeometry, Plane], list[str]]


def _yolo(images: Sequence[SetImage], folder: Path, options: SetOptions, lines_of: Lines) -> list[Path]:
    numbers = class_numbers(options, images)
    about = folder / "data.yaml"
    names = "".join(f'  {number}: "{name.replace(chr(34), chr(39))}"\n' for name, number in numbers.items())
    about.write_text(f"path: .\ntrain: images\nval: images\nnames:\n{names}", encoding="utf-8")
    paths = [about]
    for image in images:
        for plane in planes_of(image, options):
            shown = folder_in(folder, "images") / f"{plane.name}.png"
            Image.fromarray(picture_of(image, plane, options)).save(shown)
            label = folder_in(folder, "labels") / f"{plane.name}.txt"
            lines = [
                f"{numbers[class_of(one)]} {line}\n"
                for one, geometry in zip(plane.objects, plane.geometries, strict=True)
                for line in lines_of(geometry, plane)
            ]
            label.write_text("".join(lines))
            paths += [shown, label]
    return paths


def _box_line(geometry: BaseGeometry, plane: Plane) -> list[str]:
    x0, y0, x1, y1 = geometry.bounds
    height, width = plane.shape
    shares = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
    return [" ".join(f"{value:.6f}" for value in shares)]


def _segment_lines(geometry: BaseGeometry, plane: Plane) -> list[str]:
    height, width = plane.shape
    rings = [part.exterior for part in getattr(geometry, "geoms", [geometry])]
    return [
        " ".join(f"{value:.6f}" for value in (np.asarray(ring.coords)[:-1, :2] / (width, height)).ravel())
        for ring in rings
    ]
