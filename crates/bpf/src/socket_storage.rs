//! Maps in which BPF programs keep values with sockets, and what such a value says.

use std::os::fd::AsFd as _;

use crate::{
    btf::{BYTES_MAX, Btf, Unwritten, ValueLayout},
    error::{Cause, Error, Operation},
    sys,
};

/// `BPF_MAP_TYPE_SK_STORAGE` (include/uapi/linux/bpf.h).
const SK_STORAGE: u32 = 24;

/// A map in which BPF programs keep values with sockets, with the types of those values: the kernel takes no such map
/// without them (kernel/bpf/bpf_local_storage.c, since Linux 5.2).
///
/// Looking at maps of others needs CAP_SYS_ADMIN.
#[derive(Debug)]
pub struct SocketStorage {
    types: Btf,
    value_type: u32,
    value_bytes: u32,
}

impl SocketStorage {
    /// The map with this number, which sock_diag gives as `SK_DIAG_BPF_STORAGE_MAP_ID`.
    ///
    /// # Errors
    ///
    /// There is none with the number, it is of another kind, or the caller may not look at it.
    pub fn open(id: u32) -> Result<Self, Error> {
        let operation = Operation::OpenMap(id);
        let refused = |error| Error::system(operation, error);
        let map = sys::map_by_id(id).map_err(refused)?;
        let info = sys::map_info(map.as_fd()).map_err(refused)?;
        if info.kind != SK_STORAGE {
            return Err(Error { operation, cause: Cause::OtherKind(info.kind) });
        }
        let types = sys::types_by_id(info.btf_id).map_err(refused)?;
        let types = Btf::from_bytes(sys::read_types(types.as_fd(), BYTES_MAX).map_err(refused)?)?;
        Ok(Self { types, value_type: info.btf_value_type_id, value_bytes: info.value_size })
    }

    /// The bytes of each value.
    pub fn value_bytes(&self) -> u32 {
        self.value_bytes
    }

    /// Appends a value as a C initializer with its types: `(struct counters){.packets = (unsigned int)7,}`.
    ///
    /// # Errors
    ///
    /// A value that is shorter than its type, or a type that has no values; what could be written was.
    pub fn write(&self, out: &mut Vec<u8>, value: &[u8], layout: ValueLayout) -> Result<(), Unwritten> {
        self.types.write_value(out, self.value_type, value, layout)
    }
}
