//! The repository as dockgen sees it: one walk, one reading, then only memory.

pub mod dir;
pub mod format;
pub mod inventory;
pub mod path;
mod placeholders;
pub mod scan;

pub use dir::{Dir, Doc, Manifest};
pub use inventory::{Entry, Inventory, Reads, Unreadable};
pub use path::RelPath;
pub use placeholders::Placeholders;
