"""A stateful double of Render's API on a real socket, judged by Render's own OpenAPI document."""

from miosa.testing.render_double.double import RenderDouble
from miosa.testing.render_double.faults import Fault

__all__ = ["Fault", "RenderDouble"]
