//! What training yields, and what becomes of it: a room for each kind of profile.

pub mod llvm;
