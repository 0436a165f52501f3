"""Online stores: the newest row of each entity, for model servers. The port says what a store owes; each store is
found by the scheme of its address."""
