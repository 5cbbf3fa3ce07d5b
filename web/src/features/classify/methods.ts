/** The ways to tell classes apart, and what each begins with. */
import type {
  AnyConfiguration,
  ClassifierConfiguration,
  NetworkConfiguration,
  Subject,
} from "../../api/types";

/** A learner of features, or a network; the encoder in two ways. */
export type MethodName =
  | "extra-trees"
  | "boosting"
  | "svm"
  | "linear"
  | "cnn"
  | "encoder-frozen"
  | "encoder-tuned";

interface Choice {
  readonly value: MethodName;
  readonly label: string;
}

export const METHODS: readonly { group: string; items: Choice[] }[] = [
  {
    group: "Features: quick, for few labels",
    items: [
      { value: "extra-trees", label: "Extra trees" },
      { value: "boosting", label: "Gradient boosting" },
      { value: "svm", label: "Support vector machine" },
      { value: "linear", label: "Linear (logistic regression)" },
    ],
  },
  {
    group: "Networks: look at the pixels",
    items: [
      { value: "encoder-frozen", label: "Shipped encoder, frozen" },
      { value: "encoder-tuned", label: "Shipped encoder, fine-tuned" },
      { value: "cnn", label: "Small network from nothing" },
    ],
  },
];

export const HINTS: Record<MethodName, string> = {
  "extra-trees": "A good start: takes seconds.",
  boosting: "For some hundred labels and more.",
  svm: "For few labels of classes that look clearly different.",
  linear: "The simplest; for comparison.",
  "encoder-frozen":
    "Sees what the segmentation network sees; only the last layer learns. From some 20 labels a class.",
  "encoder-tuned": "All of its weights learn. From some 100 labels a class.",
  cnn: "For images unlike nuclei, and many labels: some 100 a class and more.",
};

export const FEATURES: ClassifierConfiguration = {
  learner: "extra-trees",
  trees: 300,
  balanced: true,
  regularisation: 1,
  folds: 5,
  seed: 0,
};

export const NETWORK: NetworkConfiguration = {
  learner: "cnn",
  frozen: true,
  side: 64,
  context: 1.5,
  hidden: false,
  own_range: true,
  epochs: 60,
  patience: 15,
  batch: 32,
  learning_rate: null,
  weight_decay: 0.01,
  optimiser: "adamw",
  loss: "cross-entropy",
  label_smoothing: 0.05,
  focal_gamma: 2,
  balanced: true,
  dropout: 0.2,
  averaging: 0.98,
  validation_share: 0.2,
  augmentation: {
    flips: true,
    rotation_degrees: 180,
    scale: 0.15,
    shift: 0.05,
    intensity: 0.15,
    noise: 0.03,
    blur: 0.15,
  },
  seed: 0,
};

export const isNetwork = (one: AnyConfiguration): one is NetworkConfiguration =>
  one.learner === "cnn" || one.learner === "encoder";

export function methodOf(one: AnyConfiguration): MethodName {
  if (!isNetwork(one)) return one.learner;
  if (one.learner === "cnn") return "cnn";
  return one.frozen ? "encoder-frozen" : "encoder-tuned";
}

/** The settings with another method; those that both have stay. */
export function withMethod(one: AnyConfiguration, method: MethodName, subject: Subject): AnyConfiguration {
  if (method === "cnn" || method === "encoder-frozen" || method === "encoder-tuned") {
    const begun = isNetwork(one)
      ? one
      : { ...NETWORK, side: subject === "images" ? 128 : 64, seed: one.seed };
    return { ...begun, learner: method === "cnn" ? "cnn" : "encoder", frozen: method !== "encoder-tuned" };
  }
  return isNetwork(one) ? { ...FEATURES, learner: method, seed: one.seed } : { ...one, learner: method };
}

const NAMES: Record<string, string> = Object.fromEntries(
  METHODS.flatMap(({ items }) => items.map(({ value, label }) => [value, label])),
);
NAMES.encoder = "Shipped encoder";

/** What learnt, in words; nothing for one that is not known here. */
export const learnerName = (learner: string | null): string => (learner ? (NAMES[learner] ?? learner) : "");
