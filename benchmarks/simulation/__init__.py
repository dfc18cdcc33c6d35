"""The simulation: the real core in virtual time, asked by a fleet, in bad weather."""
