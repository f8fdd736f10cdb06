//! What lies in the repository now, what may be done to it, and the one way to write.
