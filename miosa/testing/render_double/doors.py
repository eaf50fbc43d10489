"""The double's own doors: its clock, its faults, what it holds and what it found wrong."""

from miosa.testing.double_faults import Fault
from miosa.testing.render_double.messages import Answer, Asked
from miosa.testing.render_double.world import World


def door(world: World, violations: list[str], asked: Asked) -> Answer | None:
    """Answer a request to one of the doors, None for every other."""
    if asked.path == "/_violations":
        return Answer(200, violations)
    if asked.path == "/_clock":
        world.clock.advance(float(asked.json().get("advance_s", 0.0)))
        return Answer(200, {"now": world.clock.now().isoformat()})
    if asked.path == "/_faults":
        world.faults.order(*(Fault(**one) for one in asked.json()))
        return Answer(200, {})
    if asked.path == "/_world":
        with world.lock:
            services = [service.answer() for service in world.services.values()]
            deploys = {
                id_: [deploy.answer() for deploy in one.deploys] for id_, one in world.services.items()
            }
        return Answer(200, {"services": services, "deploys": deploys})
    return None
