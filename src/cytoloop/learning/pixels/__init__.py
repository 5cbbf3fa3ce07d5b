"""Pixel classification: filters, training from few labelled pixels, probabilities, objects from them. Pure.

scikit-learn trains; what is stored and run is ONNX, as for the classifiers of objects: no pickle.
"""
