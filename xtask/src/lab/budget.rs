//! How long the lanes of the lab take.

/// Measured on two cores, with tests that are built and kernels that are there; `.ci/run` prints the time before each step.
pub(super) const TABLE: &str = "\
What each lane takes on two cores, both kernels at once, without building:
  --smoke      1 min 30 s   in .ci/run; may take 6 min
  --captures   1 min
  --all       28 min        not in .ci/run
A fresh machine also installs QEMU and downloads two kernels of some 100 MB.";
