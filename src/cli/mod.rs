//! temp
pub mod verify;
