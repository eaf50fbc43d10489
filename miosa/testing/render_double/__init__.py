"""A stateful double of Render's API on a real socket, judged by Render's own OpenAPI document."""

from miosa.testing.double_faults import Fault
from miosa.testing.render_double.double import RenderDouble

__all__ = ["Fault", "RenderDouble"]
