"""A page that shows an image with its label map in a browser; it holds no data itself."""

from imaging.gateway.viewer.router import viewer_router

__all__ = ["viewer_router"]
