//! What is wrong with a Dockerfile, one rule a file.
