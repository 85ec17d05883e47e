//! BPF socket storage: what stands in each `SK_DIAG_BPF_STORAGE` nest (include/uapi/linux/sock_diag.h).

crate::attributes! {
    /// One piece of storage that a BPF program keeps with the socket.
    pub struct BpfStorages = "sk_bpf_storage", header None, 0; {
        /// Filler that aligns the attribute behind it.
        SK_DIAG_BPF_STORAGE_PAD = 1 => pad "pad": Padding, Always, None, (5, 7);
        /// Id of the map that the storage belongs to.
        SK_DIAG_BPF_STORAGE_MAP_ID = 2 => map_id "map_id": Number(U32, Identifier), Always, Bpf, (5, 7);
        /// The value, laid out as the map's owner likes.
        SK_DIAG_BPF_STORAGE_MAP_VALUE = 3 => map_value "map_value": Opaque, Always, Bpf, (5, 7);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, Slots};

    #[test]
    fn storage_reads_back() {
        let nest = Request::new(0, 0).attribute(2, &4711u32.to_ne_bytes()).attribute(3, &[0xab; 9]);
        let storage = BpfStorages(Slots::read(&nest.as_bytes()[16..]));
        assert_eq!(storage.map_id(), Some(&4711u32.to_ne_bytes()[..]));
        assert_eq!(storage.map_value().map(<[u8]>::len), Some(9));
        assert_eq!(storage.pad(), None);
    }
}
