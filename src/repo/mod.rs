//! The repository as dockgen sees it: one walk, then only memory.

pub mod format;
