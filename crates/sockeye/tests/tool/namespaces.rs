//! `--netns`: by name, by path, by process, and all there are.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_bind, mount_change, unmount};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use serde_json::Value;
use sockeye_zoo::{Skip, Zoo, in_namespace};

use crate::ran::{csv, sockeye};
use crate::support::listing;
