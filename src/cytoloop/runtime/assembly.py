"""Put the parts together, once, from settings."""

import logging
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.events import EventBus
from cytoloop.jobs.dispatcher import Dispatcher
from cytoloop.jobs.executors.local import LocalExecutor
from cytoloop.jobs.executors.protocol import Executor
from cytoloop.jobs.model import Job
from cytoloop.learning.registry import MethodRegistry
from cytoloop.storage.blobs.contract import Blobs
from cytoloop.storage.blobs.opening import open_blobs
from cytoloop.storage.database import Database
from cytoloop.storage.leadership import leadership_of
from cytoloop.storage.locks import Held
from cytoloop.storage.migrate import migrate
from cytoloop.storage.signals import Payload, Signals, signals_of
from cytoloop.workflows.announcing import TOPIC, Announcer
from cytoloop.workflows.classification.classifying import ClassifyKind
from cytoloop.workflows.classification.shelf import ClassifierShelf
from cytoloop.workflows.classification.training import TrainKind
from cytoloop.workflows.comparison.jobs import CompareKind
from cytoloop.workflows.exchange.export_jobs import ExportKind
from cytoloop.workflows.exchange.import_set_jobs import ImportSetKind
from cytoloop.workflows.exploration.exploring import ExploreKind
from cytoloop.workflows.finetuning.shelf import TunedModels
from cytoloop.workflows.finetuning.starting import FineTuneKind
from cytoloop.workflows.housekeeping.leftovers import Leftovers
from cytoloop.workflows.housekeeping.sweeping import Sweeper
from cytoloop.workflows.imageclasses.applying import ClassifyImagesKind
from cytoloop.workflows.imageclasses.training import TrainImagesKind
from cytoloop.workflows.images.custody import Custody
from cytoloop.workflows.images.importing import ImportKind
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.images.receiving import Inbox
from cytoloop.workflows.landmarks.detecting import DetectLandmarksKind
from cytoloop.workflows.landmarks.shelf import LandmarkShelf
from cytoloop.workflows.landmarks.training import TrainLandmarksKind
from cytoloop.workflows.measurements.measuring import MeasureKind
from cytoloop.workflows.pixels.shelf import PixelShelf
from cytoloop.workflows.pixels.training import TrainPixelsKind
from cytoloop.workflows.segmentation.kind import SegmentKind
from cytoloop.workflows.shelf import Shelf
from cytoloop.workflows.similar.indexing import IndexKind

from .settings import MIB, Settings

logger = logging.getLogger(__name__)

ARRIVAL_PATIENCE_S = 4.0
"""How long a request waits for an image from the object store before it is told how far that is."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a server process works with."""

    settings: Settings
    database: Database
    blobs: Blobs
    signals: Signals
    bus: EventBus
    announcer: Announcer
    library: ImageLibrary
    dispatcher: Dispatcher
    inbox: Inbox
    methods: MethodRegistry
    measurements: Path
    """Folder of the measured tables."""
    comparisons: Path
    """Folder of what comparisons of methods found."""
    classifiers: ClassifierShelf
    image_classifiers: ClassifierShelf
    tuned: TunedModels
    """What fine-tuning gave."""
    pixels: PixelShelf
    """Pixel classifiers, by project."""
    landmarks: LandmarkShelf
    """Landmark detectors, by project."""
    shelf: Shelf
    """Files that jobs take in and give out."""
    custody: Custody
    """Whether this server may delete stored files."""
    sweeper: Sweeper

    def methods_of(self, project: UUID) -> MethodRegistry:
        """The methods that a project has: its pixel classifiers too."""
        return self.methods.with_pixels(self.pixels.of_project(project))

    def start(self) -> None:
        """Begin to hear from other processes, and to run jobs."""
        self.signals.start()
        self.dispatcher.start()
        self.sweeper.start()

    def scratch_of(self, job: Job) -> Path:
        """The folder of a job's tasks; it may not be there."""
        return self.settings.scratch_folder / str(job.uuid)

    def stop(self) -> None:
        """End everything in order; unfinished tasks go back into the queue."""
        self.dispatcher.stop()
        self.sweeper.stop()
        self.signals.stop()
        self.library.close()
        self.database.close()


def image_library(settings: Settings) -> ImageLibrary:
    """The images of a home, without a server."""
    return ImageLibrary(open_blobs(settings.place))


def _carry_events(signals: Signals, bus: EventBus) -> None:
    """What any process announces goes to the listeners of this one."""

    def hear(number: int | None, message: Payload) -> None:
        bus.publish(message["project_id"], message["kind"], message["data"], number)

    signals.on(TOPIC, hear)
    # Pages that lose the stream come back and read everything anew, so they miss nothing.
    signals.on_gap(bus.close)


def _executor(settings: Settings) -> Executor:
    """Where tasks run. Dask is imported only where a cluster is wanted."""
    memory_bytes = settings.worker_memory_mib * MIB
    if settings.executor == "local":
        return LocalExecutor(settings.workers, memory_bytes)
    try:
        from cytoloop.jobs.cluster.certificates import Certificates
        from cytoloop.jobs.cluster.running import announced_address
        from cytoloop.jobs.executors.dask import DaskExecutor, Link
    except ImportError as error:
        raise InvalidInputError(
            f"The executor dask needs {error.name}. Install it with: pip install 'cytoloop[cluster]'"
        ) from None
    known = Certificates(settings.certificates_folder)
    if known.exist():
        known.check()
    address = settings.cluster_address
    return DaskExecutor(
        Link(lambda: address or announced_address(settings.home), known, settings.home.resolve(), memory_bytes)
    )


def assemble(settings: Settings, executor: Executor | None = None) -> Services:
    """Build the services. ``executor`` replaces the worker processes, for tests."""
    home = settings.home
    home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    migrate(database)
    blobs = open_blobs(settings.place)
    custody = Custody(database, blobs, home)
    bus = EventBus()
    signals = signals_of(database)
    _carry_events(signals, bus)
    announcer = Announcer(signals)
    library = ImageLibrary(blobs, patience_s=ARRIVAL_PATIENCE_S)
    measurements = home / "measurements"
    comparisons = home / "comparisons"
    classifiers = ClassifierShelf(home / "classifiers")
    image_classifiers = ClassifierShelf(home / "image-classifiers", "images")
    pixels = PixelShelf(home / "pixels")
    landmarks = LandmarkShelf(home / "landmarks")
    shelf = Shelf(home / "exchange")
    methods = MethodRegistry(settings.models_folder)
    tuned = TunedModels(home / "tuned", methods)
    of_projects = (classifiers.folder, image_classifiers.folder, pixels.folder, landmarks.folder)
    leftovers = Leftovers(database, measurements, comparisons, tuned.folder, of_projects)
    kinds = {
        "import": ImportKind(blobs, custody, announcer),
        "segment": SegmentKind(library, methods, announcer, classifiers, pixels, database.read),
        "measure": MeasureKind(database, library, announcer, measurements),
        "compare": CompareKind(database, library, methods, pixels, comparisons),
        "explore": ExploreKind(database, announcer, measurements),
        "export": ExportKind(database, library, shelf),
        "import-set": ImportSetKind(database, announcer, shelf),
        "train-classifier": TrainKind(database, library, announcer, classifiers),
        "classify": ClassifyKind(database, library, announcer, classifiers),
        "train-image-classifier": TrainImagesKind(database, library, announcer, image_classifiers),
        "classify-images": ClassifyImagesKind(database, library, announcer, image_classifiers),
        "fine-tune": FineTuneKind(database, library, tuned),
        "train-pixels": TrainPixelsKind(database, library, pixels),
        "index-objects": IndexKind(database, library, classifiers),
        "train-landmarks": TrainLandmarksKind(database, library, landmarks),
        "detect-landmarks": DetectLandmarksKind(database, library, announcer, landmarks),
    }
    dispatcher = Dispatcher(
        database,
        executor or _executor(settings),
        kinds,
        settings.scratch_folder,
        on_job=announcer.job,
        on_log=announcer.job_log,
        leadership=leadership_of(database, Held.DISPATCHER),
        signals=signals,
    )
    return Services(
        settings=settings,
        database=database,
        blobs=blobs,
        signals=signals,
        bus=bus,
        announcer=announcer,
        library=library,
        dispatcher=dispatcher,
        inbox=Inbox(database, home / "uploads"),
        methods=methods,
        measurements=measurements,
        comparisons=comparisons,
        classifiers=classifiers,
        image_classifiers=image_classifiers,
        tuned=tuned,
        pixels=pixels,
        landmarks=landmarks,
        shelf=shelf,
        custody=custody,
        sweeper=Sweeper(database, shelf, custody, leftovers),
    )
