"""Pictures of a case from fixed views, drawn without a screen."""

from imaging.fusion.pictures.drawing import draw_views

__all__ = ["draw_views"]
