"""The task of `make demo` where none is given: small, real, and work for several agents."""

DEFAULT_TASK = """\
Summarise this text and write a Python function that counts its words, with a test: \
Tide pools form where the sea leaves water behind on a rocky shore. Twice a day the tide goes out and the \
pools are cut off; twice a day it returns and mixes them with the ocean again. In between, the sun warms the \
water, rain makes it fresher, evaporation makes it saltier, and at night the animals in it use up much of the \
oxygen. Everything that lives there has to endure these changes. Limpets clamp themselves to the rock and keep \
a little water under the shell. Mussels close tightly and wait. Anemones pull in their tentacles and look like \
drops of jelly until the water comes back. Crabs and small fish hide under weed, where it stays cool and moist. \
The higher a pool lies on the shore, the longer it is cut off and the fewer species can live in it, so a \
visitor who climbs from the low water line to the splash zone passes through a series of communities, each \
hardier and poorer than the one below. Ecologists have learned much from this order. In the 1960s Robert Paine \
removed the sea stars from a stretch of shore in the state of Washington and found that mussels crowded out \
nearly everything else. One predator had kept the space open for fifteen other species. He called it a keystone, \
and the idea has shaped the protection of nature ever since."""
