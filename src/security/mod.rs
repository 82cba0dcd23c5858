//! Signatures of providers, sealing of stored values, passwords, second factors, tokens and roles. Pure but for randomness, which comes from `base::clock`.

pub mod head;
pub mod password;
pub mod role;
pub mod seal;
pub mod second;
pub mod signature;
pub mod token;

pub use seal::{SEAL_BYTES, SealError, Sealer};
