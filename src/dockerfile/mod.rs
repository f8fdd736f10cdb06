//! Reads Dockerfiles and ignore files without losing a byte; knows nothing else of dockgen.
