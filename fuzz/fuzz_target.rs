//! One fuzzer: the target that has the name of this program.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rse_dashboard::server::fuzzing::run(env!("CARGO_BIN_NAME"), data);
});
