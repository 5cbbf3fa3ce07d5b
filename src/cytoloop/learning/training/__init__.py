"""What training needs that is not torch: data, image types, views, augmentation, targets, configuration.

May import the rest of ``learning`` and what lies below it; torch is in ``learning/_torch`` alone.
"""
