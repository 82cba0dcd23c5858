//! Signatures that anybody may send.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| intake_fuzz::signature(bytes));
