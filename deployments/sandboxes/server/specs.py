"""What a permit and a create make together: the box to be opened."""

from deployments.boxes.errors import BoxRefused
from deployments.boxes.spec import BoxSpec
from deployments.sandboxes.permit import Permit
from deployments.sandboxes.server.refusals import Refusal
from deployments.sandboxes.server.wanted import Wanted

HOME = "/home/user"


def spec_of(permit: Permit, wanted: Wanted) -> BoxSpec:
    """Return the specification. Raise Refusal for a name no box takes."""
    try:
        return BoxSpec(
            memory_bytes=permit.memory_bytes,
            processors=permit.processors,
            processes=permit.processes,
            disk_bytes=permit.disk_bytes,
            file_bytes=permit.disk_bytes,
            output_bytes=permit.output_bytes,
            environment=dict(wanted.environment),
            hosts=tuple(host.lower() for host in wanted.hosts),
            home=HOME,
            lifetime_s=float(permit.lifetime_s),
        )
    except BoxRefused as error:
        raise Refusal(400, str(error)) from error
