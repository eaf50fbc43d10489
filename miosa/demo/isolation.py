"""The last thing the demo shows: the product attacks the walls between its own tenants."""

from django.db import Error
from rich.console import Console

from miosa.doctor.report import verdict
from miosa.doctor.subjects import Occupied
from miosa.doctor.tenancy import examine
from miosa.pg.owner import OwnerUnknown


def isolation(console: Console) -> bool:
    """Attack the demo's own database and print the verdict; return whether everything held."""
    try:
        with console.status("attacking the walls between tenants") as status:
            found = examine(say=status.update)
    except (OwnerUnknown, Occupied, Error) as error:
        console.print(f"isolation: not examined: {error}", style="yellow", highlight=False)
        return False
    for row, leak in found.leaks:
        console.print(
            f"  {row.surface.name} {leak.target}: {leak.name}", style="red", highlight=False, markup=False
        )
    for row, miss in found.missed:
        told = f"  not attacked: {row.surface.name} {miss.target}: {miss.why}"
        console.print(told, style="red", highlight=False, markup=False)
    console.print(f"{found.seconds:.1f} s in two places; nothing is left of it", style="dim", highlight=False)
    console.print(f"isolation: {verdict(found)}\n", style="green" if found.sound else "red", highlight=False)
    return found.sound
