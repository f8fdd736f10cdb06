//! Readers shared by the stacks, one file per format.
