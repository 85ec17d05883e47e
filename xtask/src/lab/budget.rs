//! How long the lanes of CI and of the lab take.

/// Measured on two cores; `.ci/run` prints the time before each step.
pub(super) const TABLE: &str = "\
What each lane of .ci/run takes on two cores, with all crates and kernels there and something built:
  format, lints, documentation     0 min 30 s
  the release binary               1 min
  tests, and those of features     7 min
  privileges --smoke               5 min 30 s   the tests beside it are those of the lane above
  fields --untested                0 min  5 s
  fuzz, ten million inputs         2 min 30 s   of which some 75 s attack; may take 10 min more
  architectures                    0 min 35 s
  kernel names                     0 min  5 s
  benchmarks, small                1 min
  soak --for 1m                    1 min 15 s
  lab --smoke                      2 min 15 s   fails where the guests take more than 6 min
  all                             22 min        may take 40 min
What the lab takes beside that, both kernels at once, without building:
  lab --captures                   4 min
  lab --soak                       8 min
  lab --all                       35 min
What the privileges take beside that, without building:
  privileges                      35 min        --all, each other capability by itself too: some 100 min
A fresh machine also compiles everything (4 min), installs QEMU and downloads two kernels of some 100 MB.";
