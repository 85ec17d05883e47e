//! How long tests wait, on machines that are slow.
//!
//! Nothing is expected to happen in some time; a wait has an end so that a test that fails ends. In a guest that is
//! emulated everything takes many times as long, and who starts the tests there says how many.

use std::time::Duration;

/// The environment variable that says how many times slower than usual a machine is: a whole number.
pub const SLOWNESS_VARIABLE: &str = "SOCKEYE_SLOWNESS";

/// A wait that is long enough on a usual machine, as long as this one needs it.
pub fn patience(usual: Duration) -> Duration {
    usual * slowness()
}

/// How many times slower than usual this machine is.
///
/// # Panics
///
/// If the variable is set to something else than a number above zero.
pub fn slowness() -> u32 {
    let Some(value) = std::env::var_os(SLOWNESS_VARIABLE) else { return 1 };
    let number = value.to_str().and_then(|text| text.parse().ok()).filter(|&number| number > 0);
    number.unwrap_or_else(|| panic!("{SLOWNESS_VARIABLE} is {}, no whole number above zero", value.display()))
}
