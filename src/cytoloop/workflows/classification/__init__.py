"""Classes of objects: what people labelled, training, prediction, what to look at next, classifiers as files."""
