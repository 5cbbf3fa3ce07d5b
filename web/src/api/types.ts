/** Short names for the generated models. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Model = Schemas["Model"];
export type ModelDetails = Schemas["ModelDetails"];
export type User = Schemas["User"];
export type Session = Schemas["Session"];
export type Member = Schemas["Member"];
export type RoleName = Member["role"];
export type Project = Schemas["Project"];
export type Term = Schemas["Term"];
export type TermCreate = Schemas["TermCreate"];
export type TermUpdate = Schemas["TermUpdate"];
export type Ontology = Schemas["Ontology"];
export type Image = Schemas["Image"];
export type ImageChannel = Schemas["ImageChannel"];
export type TileLevel = Schemas["TileLevel"];
export type ChannelHistogram = Schemas["ChannelHistogram"];
export type PixelValue = Schemas["PixelValue"];
export type Arrival = Schemas["Arrival"];
export type ServerEntry = Schemas["ServerEntry"];
export type Upload = Schemas["Upload"];
export type Layer = Schemas["Layer"];
export type Annotation = Schemas["Annotation"];
export type AnnotationCreate = Schemas["AnnotationCreate"];
export type AnnotationUpdate = Schemas["AnnotationUpdate"];
export type ChangeRequest = Schemas["ChangeRequest"];
export type ChangeResult = Schemas["ChangeResult"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type LayerChanged = Schemas["LayerChanged"];
export type HistoryState = Schemas["HistoryState"];
export type ExportRequest = Schemas["ExportRequest"];
export type ImportResult = Schemas["ImportResult"];
export type MethodInfo = Schemas["MethodInfo"];
export type SegmentRequest = Schemas["SegmentRequest"];
export type MeasureRequest = Schemas["MeasureRequest"];
export type FeatureSetName = NonNullable<MeasureRequest["features"]>[number];
export type Job = Schemas["Job"];
export type CompareRequest = Schemas["CompareRequest"];
export type FineTuneRequest = Schemas["FineTuneRequest"];
export type TuningPlan = Required<Schemas["TuningPlan"]>;
export type Corrections = Schemas["Corrections"];
export type CorrectedImage = Schemas["CorrectedImage"];
export type TuningResult = Schemas["TuningResult"];
export type TuningScores = Schemas["TuningScores"];
export type TuningPoint = Schemas["TuningPoint"];
export type IndexObjectsRequest = Schemas["IndexObjectsRequest"];
export type SimilarObjects = Schemas["SimilarObjects"];
export type SimilarObject = Schemas["SimilarObject"];
export type Comparison = Schemas["Comparison"];
export type ComparisonRow = Schemas["ComparisonRow"];
export type PipelineCreate = Schemas["PipelineCreate"];
export type Preprocessing = Schemas["Preprocessing"];
export type LogLine = Schemas["LogLine"];
export type ObjectIndex = Schemas["ObjectIndex"];
export type ObjectWhere = Schemas["ObjectFilter"];
export type BulkRequest = Schemas["BulkRequest"];
export type BulkAction = BulkRequest["action"];
export type BulkResult = Schemas["BulkResult"];
export type ReviewRequest = Schemas["ReviewRequest"];
export type ReviewResult = Schemas["ReviewResult"];
export type ReviewCounts = Schemas["ReviewCounts"];
export type ProjectReview = Schemas["ProjectReview"];
export type Column = Schemas["Column"];
export type ObjectTable = Schemas["ObjectTable"];
export type ColumnData = Schemas["ColumnData"];
export type MeasurementSummary = Schemas["MeasurementSummary"];
export type ExploreRequest = Schemas["ExploreRequest"];
export type ExploreMethodInfo = Schemas["ExploreMethodInfo"];
export type GroupTable = Schemas["GroupTable"];
export type GroupRow = Schemas["GroupRow"];
export type Grouping = GroupTable["by"];
export type Scope = GroupTable["scope"];
export type PlottedImage = Schemas["PlottedImage"];
export type Gate = Schemas["Gate"];
export type GatedObjects = Schemas["GatedObjects"];
export type TermsGiven = Schemas["TermsGiven"];
export type RegionTable = Schemas["RegionTable"];
export type NeighbourDistances = Schemas["NeighbourDistances"];
export type Labels = Schemas["Labels"];
export type LabelledClass = Schemas["LabelledClass"];
export type Classifier = Schemas["Classifier"];
export type ClassifierDetails = Schemas["ClassifierDetails"];
export type ClassifierConfiguration = Required<Schemas["ClassifierConfiguration"]>;
export type CropAugmentation = Required<Schemas["CropAugmentation"]>;
/** With every setting told. */
export type NetworkConfiguration = Required<Omit<Schemas["NetworkConfiguration"], "augmentation">> & {
  augmentation: CropAugmentation;
};
export type AnyConfiguration = ClassifierConfiguration | NetworkConfiguration;
export type TrainingPoint = Schemas["TrainingPoint"];
export type TrainImageClassifierRequest = Schemas["TrainImageClassifierRequest"];
export type ClassifyImagesRequest = Schemas["ClassifyImagesRequest"];
export type CheckedImage = Schemas["CheckedImage"];
export type ImageClass = Required<Schemas["ImageClass"]>;
/** What is told apart. */
export type Subject = Classifier["subject"];
export type PartitionScores = Schemas["PartitionScores"];
export type PixelClassifier = Schemas["PixelClassifier"];
export type PixelClassifierDetails = Schemas["PixelClassifierDetails"];
export type PixelConfiguration = Schemas["PixelConfiguration"];
export type ScribbledImage = Schemas["ScribbledImage"];
export type TrainPixelsRequest = Schemas["TrainPixelsRequest"];
export type TrainClassifierRequest = Schemas["TrainClassifierRequest"];
export type ClassifyRequest = Schemas["ClassifyRequest"];
export type QueuedObject = Schemas["QueuedObject"];
export type CheckedObject = Schemas["CheckedObject"];
export type Landmarks = Schemas["Landmarks"];
export type LandmarkPlan = Schemas["LandmarkPlan"];
export type LandmarkMeasure = Schemas["LandmarkMeasure"];
export type ImageLandmark = Schemas["ImageLandmark"];
export type LandmarkTable = Schemas["LandmarkTable"];
export type LandmarkRow = Schemas["LandmarkRow"];
export type LandmarkDetector = Schemas["LandmarkDetector"];
export type LandmarkDetectorDetails = Schemas["LandmarkDetectorDetails"];
export type LandmarkConfiguration = Required<Schemas["LandmarkConfiguration"]>;
export type TrainLandmarksRequest = Schemas["TrainLandmarksRequest"];
export type DetectLandmarksRequest = Schemas["DetectLandmarksRequest"];
export type QueueName = "uncertainty" | "diversity" | "disagreement";
export type DensityScale = Schemas["DensityScale"];

/** A slice of a stack at a time. */
export interface Plane {
  readonly z: number;
  readonly t: number;
}

export interface Page<Item> {
  items: Item[];
  next?: string | null;
  total?: number | null;
}
