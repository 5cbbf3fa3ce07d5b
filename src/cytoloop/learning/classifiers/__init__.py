"""Classifiers of objects: features, training, evaluation, queues of what to label next. Pure.

scikit-learn trains and ``skl2onnx`` writes the result as ONNX, which is all that is stored and run: no pickle.
"""
