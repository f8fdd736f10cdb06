//! Builds, runs and probes an image with the engine that is there.
