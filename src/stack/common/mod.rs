//! What several stacks need to see in source code: ports and files read at run time.

pub mod configuration;
pub mod files;
pub mod front_end;
pub mod glob;
pub mod listen;
pub mod manifests;
pub mod pattern;
pub mod signal;
