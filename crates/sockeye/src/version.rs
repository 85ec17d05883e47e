//! The version, with the commit it was built from where that is known.

/// `0.1.0 (a1b2c3d)`: made by the build script.
pub(crate) const TEXT: &str = env!("SOCKEYE_VERSION");
