"""Archives come in checked as a whole before anything is written, and go out the same for the same files."""

from deployments.archives.limits import ArchiveRefused, Limits
from deployments.archives.member import Member
from deployments.archives.opening import Archive, opened
from deployments.archives.packing import Packed, tar_of, zip_of

__all__ = ["Archive", "ArchiveRefused", "Limits", "Member", "Packed", "opened", "tar_of", "zip_of"]
