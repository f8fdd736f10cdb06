//! What several stacks need to see: ports, files read at run time, versions that tool managers pin; and what none reads.

pub mod around;
pub mod compose;
pub mod configuration;
pub mod dotenv;
pub mod files;
pub mod front_end;
pub mod glob;
pub mod listen;
pub mod manifests;
pub mod pattern;
pub mod port;
pub mod signal;
pub mod tools;
pub mod unread;
