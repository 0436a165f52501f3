"""The portal over HTTP beside its pages: REST, sign-in, downloads, and the guard in front of everything. Routes are
made from the catalog of actions."""
