"""What every shipped model and baseline scores on held-out images, and what it costs.

``python -m tests.performance.models [scores] [steps] [speed] [sizes] [--methods a,b] [--every N] [--package FOLDER]
[--plot FILE.svg]``
"""

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cytoloop.learning.decoding.cleaning import CleaningSettings, cleaned, refined
from cytoloop.learning.inference.instances import Predictor
from cytoloop.learning.inference.session import OnnxNetwork, network_of
from cytoloop.learning.inference.sizes import rescaled
from cytoloop.learning.method import Method, Pixels
from cytoloop.learning.networkmethod import NetworkMethod, NetworkParameters
from cytoloop.learning.normalisation import intensity_range, normalised
from cytoloop.learning.packages.model import Decoder, Task
from cytoloop.learning.packages.reading import read_package
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.training.dataset import Example, median_diameter, pairs_in, read_example, standard_split
from cytoloop.learning.training.imagetypes import image_types, type_titles
from cytoloop.learning.training.scoring import by_type, pixels_of, score_method
from cytoloop.measurements.scores import score_pair

DATA = Path(__file__).parents[2].parent / "shared/data/dsb2018"
BASELINES = ("threshold", "log", "gvf", "active-contour", "region-growing")
TYPES = 9


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", help="scores, steps, speed, sizes; all unless named")
    parser.add_argument("--methods", help="comma-separated; shipped models and baselines unless named")
    parser.add_argument("--plot", type=Path, help="also draw the sizes")
    parser.add_argument("--package", type=Path, help="scores and steps of this package, not of what ships")
    parser.add_argument("--every", type=int, default=1, help="score every Nth held-out image only")
    given = parser.parse_args()
    wanted = set(given.tables) or {"scores", "steps", "speed", "sizes"}
    print(f"Command: python -m tests.performance.models {' '.join(sys.argv[1:])}".rstrip())
    registry = MethodRegistry()
    if wanted & {"scores", "steps", "sizes"}:
        examples, titles = held_out(given.every)
        if "scores" in wanted:
            names = given.methods.split(",") if given.methods else [*shipped(registry), *BASELINES]
            methods = (
                [registry.by_name(name) for name in names]
                if given.package is None
                else [_chosen(registry, given.package)]
            )
            scores_table(methods, examples, titles)
        if "steps" in wanted:
            steps_table(_chosen(registry, given.package), examples)
        if "sizes" in wanted:
            sizes_table(registry, examples, given.plot)
    if "speed" in wanted:
        speed_table(registry)


def _chosen(registry: MethodRegistry, package: Path | None) -> NetworkMethod:
    method = registry.by_name("nuclei") if package is None else NetworkMethod(read_package(package))
    assert isinstance(method, NetworkMethod)
    return method


def shipped(registry: MethodRegistry) -> list[str]:
    """Names of the shipped models that find single objects."""
    return [
        name
        for name, one in registry.all().items()
        if isinstance(one, NetworkMethod) and one.package.spec.task is Task.INSTANCES
    ]


def held_out(every: int) -> tuple[list[Example], dict[str, str]]:
    """The standard validation images and the title of each one's type."""
    everything = [read_example(pair) for pair in pairs_in(DATA)]
    types = image_types(everything, TYPES)
    titles = type_titles(everything, types)
    names = set(standard_split(types).validation[::every])
    return [one for one in everything if one.name in names], {name: titles[types[name]] for name in names}


def scores_table(methods: Sequence[Method], examples: Sequence[Example], titles: dict[str, str]) -> None:
    """Print scores by method and image type."""
    print(f"\nScores on {len(examples)} held-out images, all parameters at their defaults\n")
    print("| method | images | number | DSB | F1 at 0.5 | missed | extra | split | merged | s an image |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for method in methods:
        for parameters in ({}, {"tta": True}) if isinstance(method, NetworkMethod) else ({},):
            scored = score_method(method, examples, parameters)
            seconds = float(np.mean([one.seconds for one in scored]))
            name = method.name + (", eight views" if parameters else "")
            for kind, one in by_type(scored, titles).items():
                print(
                    f"| {name} | {kind} | {one.images} | {one.dsb:.3f} | {one.f1:.3f} | {one.missed} | {one.extra} | "
                    f"{one.split} | {one.merged} | {f'{seconds:.2f}' if kind == 'all' else ''} |",
                    flush=True,
                )


def steps_table(method: NetworkMethod, examples: Sequence[Example]) -> None:
    """Print what each step from maps to objects adds."""
    found: dict[str, list[float]] = {}
    for one in examples:
        for name, labels in _ways(method, one).items():
            found.setdefault(name, []).append(score_pair(one.labels, labels.astype(np.int64)).dsb)
    print(f"\nWhat each step adds (model {method.name}, {len(examples)} images)\n\n| way | DSB |\n| --- | --- |")
    for name, values in found.items():
        print(f"| {name} | {np.mean(values):.3f} |")


def _ways(method: NetworkMethod, one: Example) -> dict[str, np.ndarray]:
    """Labels of an image by one step after the other, and by steps that are not taken."""
    plain, pixels = NetworkParameters.model_validate({}), pixels_of(one)
    model_px = method.package.spec.diameter_px or 26.0
    calibration = method.calibrate(pixels, plain)
    seen = method.see(pixels, plain, calibration)
    with_glass = replace(seen, stained=None)
    everything = {"least_score": 0.0, "smallest": 0.0}
    pieces = replace(seen.maps, maps=seen.maps.maps[:1])
    predictor = Predictor(
        network_of(method.package.weights), replace(method.package.spec, decoder=Decoder.COMPONENTS),
        method.decoder_settings.with_values(everything),
    )  # fmt: skip
    usual = method.decide(seen, plain)

    def at(diameter: float | None) -> np.ndarray:
        sized = NetworkParameters.model_validate({"diameter_px": diameter})
        return method.segment(pixels, sized, method.calibrate(pixels, sized)).labels

    foreground = method.foreground(pixels, plain, calibration)
    mild = CleaningSettings(probability=0.5, least_mean_probability=0.5)
    return {
        "size estimated, connected pieces of the foreground": predictor.objects(pieces).labels,
        "+ parted by seeds and watershed": method.decide(with_glass, plain, everything).labels,
        "+ small ones left out": method.decide(with_glass, plain, {"least_score": 0.0}).labels,
        "+ improbable ones left out": method.decide(with_glass, plain).labels,
        "+ glass left out in stained sections: as it is": usual.labels,
        "the same without estimating the size": at(model_px),
        "the same with the size known (not to be had)": at(median_diameter(one.labels)),
        "as it is, + enclosed pieces merged, holes filled (p1, p2)": cleaned(
            usual.labels, CleaningSettings(smallest_px2=20)
        ),
        "as it is, + outlines refined by the map (p3 to p6)": refined(usual.labels, foreground, mild),
    }


def _rgb(example: Example) -> np.ndarray:
    return example.image if example.image.ndim == 3 else np.repeat(example.image[..., None], 3, axis=2)


def sizes_table(registry: MethodRegistry, examples: Sequence[Example], plot: Path | None) -> None:
    """Print how well the objects' diameter is estimated on held-out images that were made smaller and larger."""
    method = registry.by_name("nuclei")
    assert isinstance(method, NetworkMethod)
    predictor = Predictor(network_of(method.package.weights), method.package.spec)
    print("\nEstimated diameter on rescaled images, objects of 7 to 160 px (model nuclei)\n")
    print("| scale | images | within a factor of 1.25 | of 1.5 | median of estimate / truth |")
    print("| --- | --- | --- | --- | --- |")
    points: list[tuple[float, float]] = []
    for factor in (0.25, 0.5, 1.0, 2.0, 4.0):
        ratios: list[float] = []
        for one in examples[::3]:
            truth = median_diameter(one.labels)
            picture = rescaled(normalised(_rgb(one), intensity_range(one.image)), factor)
            if truth is None or picture is None or not 7 <= truth * factor <= 160:
                continue
            found = predictor.diameter([picture])
            ratios.append((found or 1.0) / (truth * factor))
            points.append((truth * factor, found or 1.0))
        near = [float(np.mean(np.abs(np.log(ratios)) < np.log(limit))) for limit in (1.25, 1.5)]
        print(f"| {factor:g} | {len(ratios)} | {near[0]:.0%} | {near[1]:.0%} | {np.median(ratios):.2f} |", flush=True)
    if plot is not None:
        plot.write_text(scatter(points), encoding="utf-8")


def scatter(points: Sequence[tuple[float, float]]) -> str:
    """Estimate over truth on logarithmic axes, as SVG."""
    low, high, side, edge = np.log(5), np.log(220), 420, 46

    def place(value: float) -> float:
        return edge + (np.log(np.clip(value, 5, 220)) - low) / (high - low) * (side - edge - 10)

    ends = (place(5), place(220))
    parts = [_line(ends[0], side - ends[0], ends[1], side - ends[1], 1.0)]
    for tick in (7, 10, 20, 40, 80, 160):
        at = place(tick)
        parts.append(_line(at, 10, at, side - edge, 0.3))
        parts.append(_line(edge, side - at, side - 10, side - at, 0.3))
        parts.append(f'<text x="{at:.0f}" y="{side - edge + 16}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{edge - 6}" y="{side - at + 4:.0f}" text-anchor="end">{tick}</text>')
    parts += [
        f'<circle cx="{place(truth):.1f}" cy="{side - place(found):.1f}" r="3" fill="#0b62a8" opacity=".6"/>'
        for truth, found in points
    ]
    parts.append(f'<text x="{side / 2}" y="{side - 8}" text-anchor="middle">true median diameter, px</text>')
    parts.append(
        f'<text x="14" y="{side / 2}" text-anchor="middle" transform="rotate(-90 14 {side / 2})">estimated, px</text>'
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}"'
    style = 'font-family="system-ui, sans-serif" font-size="13" fill="#6b7480"'
    return f'{head} {style}><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'


def _line(x1: float, y1: float, x2: float, y2: float, opacity: float) -> str:
    ends = f'x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
    return f'<line {ends} stroke="#8a929b" opacity="{opacity}"/>'


def speed_table(registry: MethodRegistry) -> None:
    """Print seconds for a 512 x 512 image: ONNX Runtime, torch, with and without eight views."""
    method = registry.by_name("nuclei")
    assert isinstance(method, NetworkMethod)
    picture = _tissue()
    print("\nSeconds for 512 x 512 px, size estimated, model nuclei\n\n| way | s |\n| --- | --- |")
    for name, values in (("one view", {}), ("eight views", {"tta": True})):
        parameters = NetworkParameters.model_validate(values)

        def whole(parameters: NetworkParameters = parameters) -> None:
            method.segment(picture, parameters, method.calibrate(picture, parameters))

        print(f"| {name}, all of it | {_seconds(whole):.2f} |", flush=True)
    network = OnnxNetwork(method.package.weights)
    array = np.zeros((1, 3, 512, 512), np.float32)
    print(f"| network alone, ONNX Runtime | {_seconds(lambda: network(array)):.3f} |")
    print(f"| network alone, torch | {_torch_seconds(method, array):.3f} |")
    print(f"\nPeak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _tissue() -> Pixels:
    """Four images of one kind side by side, cut to 512 x 512."""
    everything = [read_example(pair) for pair in pairs_in(DATA)]
    small = [one.image for one in everything if one.image.shape == (256, 256)][:4]
    joined = np.vstack([np.hstack(small[:2]), np.hstack(small[2:])])
    return Pixels(joined[..., None], rgb=False)


def _torch_seconds(method: NetworkMethod, array: np.ndarray) -> float:
    import torch

    from cytoloop.learning._torch.export import Inference, state_of_onnx
    from cytoloop.learning._torch.networks import build_network
    from cytoloop.learning.training.configuration import Configuration

    configuration = Configuration.model_validate(method.package.training["configuration"])
    network = build_network(configuration.network, configuration.channels)
    network.load_state_dict(state_of_onnx(method.package.weights, configuration))
    model = Inference(network, configuration).eval()
    tensor = torch.from_numpy(array)

    def run() -> None:
        with torch.inference_mode():
            model(tensor)

    return _seconds(run)


def _seconds(work: object, rounds: int = 5) -> float:
    """Median of some rounds after one to warm up."""
    assert callable(work)
    work()
    taken: list[float] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken))


if __name__ == "__main__":
    main()
