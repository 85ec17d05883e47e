//! Programs of BPF that have a name in a file system.

use std::ffi::CStr;
use std::io;
use std::os::fd::AsRawFd as _;

use super::{bpf, length, owned, words};

/// `enum bpf_cmd`
mod command {
    pub(super) const PROG_LOAD: libc::c_int = 5;
    pub(super) const OBJ_PIN: libc::c_int = 6;
}

/// Loads a program of a type (`enum bpf_prog_type`) that returns 0, and gives it a name in a file system of BPF.
pub(crate) fn pin_program(program_type: u32, path: &CStr) -> io::Result<()> {
    // Code, registers and offset in one word, then the constant.
    let program: [u32; 4] = [
        0x0000_00b7,
        0, // r0 = 0
        0x0000_0095,
        0, // return it
    ];
    let count = length(program.map(u32::to_ne_bytes).as_flattened()) / 8;
    let ([low, high], [license_low, license_high]) = (words(program.as_ptr()), words(c"MIT".as_ptr()));
    let mut attr = [program_type, count, low, high, license_low, license_high];
    // SAFETY: the addresses are those of the program, with its length, and of a text that ends with a zero.
    let program = owned(unsafe { bpf(command::PROG_LOAD, &mut attr) })?;
    let [low, high] = words(path.as_ptr());
    // SAFETY: the address is that of a text that ends with a zero.
    unsafe { bpf(command::OBJ_PIN, &mut [low, high, program.as_raw_fd().cast_unsigned(), 0]) }.map(drop)
}
