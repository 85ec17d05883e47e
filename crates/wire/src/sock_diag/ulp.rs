//! The protocol above TCP that the kernel does itself (`INET_DIAG_ULP_INFO`): TLS (include/uapi/linux/tls.h) and the
//! subflows of MPTCP (include/uapi/linux/mptcp.h).

use crate::layout::Name;

/// How one direction of a TLS connection is worked (`TLS_CONF_*`).
const CONFIGURATIONS: &[Name] = crate::names![(1, "base"), (2, "sw"), (3, "hw"), (4, "hw-record")];

crate::attributes! {
    /// The protocol above TCP.
    pub struct UlpInfo = "inet_ulp_info", header None, 0; {
        /// Name of the protocol: tls, mptcp, espintcp, smc.
        INET_ULP_INFO_NAME = 1 => name "name": Text, Always, None, (5, 4);
        /// Details of TLS.
        INET_ULP_INFO_TLS = 2 => tls "tls": Nest(&TlsInfo::SPACE), Always, None, (5, 4);
        /// Details of a subflow of MPTCP; a listener has none.
        INET_ULP_INFO_MPTCP = 3 => mptcp "mptcp": Nest(&MptcpSubflow::SPACE), Always, None, (5, 7);
    }
}

crate::attributes! {
    /// TLS done by the kernel (`TLS_INFO_*`). Version and cipher are absent until the program has set a key.
    pub struct TlsInfo = "tls_info", header None, 0; {
        /// Version of TLS.
        TLS_INFO_VERSION = 1 => version "version":
            Number(U16, OneOf(crate::names![(0x0303, "1.2"), (0x0304, "1.3")])), Always, None, (5, 4);
        /// Cipher of the records.
        TLS_INFO_CIPHER = 2 => cipher "cipher":
            Number(U16, OneOf(crate::names![(51, "aes-gcm-128"), (52, "aes-gcm-256"),
            (53, "aes-ccm-128"), (54, "chacha20-poly1305"), (55, "sm4-gcm"), (56, "sm4-ccm"), (57, "aria-gcm-128"),
            (58, "aria-gcm-256")])), Always, None, (5, 4);
        /// Who encrypts what is sent: nobody yet (base), the kernel (sw) or the network card (hw).
        TLS_INFO_TXCONF = 3 => txconf "txconf": Number(U16, OneOf(CONFIGURATIONS)), Always, None, (5, 4);
        /// Who decrypts what is received: nobody yet (base), the kernel (sw) or the network card (hw).
        TLS_INFO_RXCONF = 4 => rxconf "rxconf": Number(U16, OneOf(CONFIGURATIONS)), Always, None, (5, 4);
        /// Files are sent without a copy, and must not change meanwhile.
        TLS_INFO_ZC_RO_TX = 5 => zc_ro_tx "zc_ro_tx": Flag, Always, None, (5, 19);
        /// The program expects records without padding.
        TLS_INFO_RX_NO_PAD = 6 => rx_no_pad "rx_no_pad": Flag, Always, None, (6, 0);
        /// Largest content of a record that is sent.
        TLS_INFO_TX_MAX_PAYLOAD_LEN = 7 => tx_max_payload_len "tx_max_payload_len":
            Number(U16, Bytes), Always, None, (6, 19);
    }
}

crate::attributes! {
    /// One subflow of an MPTCP connection (`MPTCP_SUBFLOW_ATTR_*`).
    pub struct MptcpSubflow = "mptcp_subflow", header None, 0; {
        /// The peer's name of the connection.
        MPTCP_SUBFLOW_ATTR_TOKEN_REM = 1 => token_rem "token_rem": Number(U32, Hexadecimal), Always, None, (5, 7);
        /// Our name of the connection: the token of its `mptcp_info`.
        MPTCP_SUBFLOW_ATTR_TOKEN_LOC = 2 => token_loc "token_loc": Number(U32, Hexadecimal), Always, None, (5, 7);
        /// Bytes written to the subflow, counted from its start.
        MPTCP_SUBFLOW_ATTR_RELWRITE_SEQ = 3 => relwrite_seq "relwrite_seq":
            Number(U32, Identifier), Always, NetAdmin, (5, 7);
        /// Sequence number in the connection of the data that is being received.
        MPTCP_SUBFLOW_ATTR_MAP_SEQ = 4 => map_seq "map_seq": Number(U64, Identifier), Always, NetAdmin, (5, 7);
        /// Sequence number in the subflow of the data that is being received.
        MPTCP_SUBFLOW_ATTR_MAP_SFSEQ = 5 => map_sfseq "map_sfseq": Number(U32, Identifier), Always, NetAdmin, (5, 7);
        /// Sequence number of TCP at which the subflow began.
        MPTCP_SUBFLOW_ATTR_SSN_OFFSET = 6 => ssn_offset "ssn_offset": Number(U32, Identifier), Always, NetAdmin, (5, 7);
        /// Length of the data that is being received.
        MPTCP_SUBFLOW_ATTR_MAP_DATALEN = 7 => map_datalen "map_datalen": Number(U16, Bytes), Always, NetAdmin, (5, 7);
        /// How the subflow came about, and how far it is.
        MPTCP_SUBFLOW_ATTR_FLAGS = 8 => flags "flags": Number(U32, SetOf(crate::names![(1, "mcap-rem"), (2, "mcap-loc"),
            (4, "join-rem"), (8, "join-loc"), (16, "bkup-rem"), (32, "bkup-loc"), (64, "fully-established"), (128, "connected"),
            (256, "mapvalid")])), Always, None, (5, 7);
        /// Id of the peer's address.
        MPTCP_SUBFLOW_ATTR_ID_REM = 9 => id_rem "id_rem": Number(U8, Identifier), Always, None, (5, 7);
        /// Id of our address.
        MPTCP_SUBFLOW_ATTR_ID_LOC = 10 => id_loc "id_loc": Number(U8, Identifier), Always, None, (5, 7);
        /// Filler that aligns the attribute behind it.
        MPTCP_SUBFLOW_ATTR_PAD = 11 => pad "pad": Padding, Always, None, (5, 7);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, Slots};

    #[test]
    fn tls_is_a_nest_of_a_nest() {
        let tls = Request::new(0, 0)
            .attribute(1, &0x0304u16.to_ne_bytes())
            .attribute(2, &54u16.to_ne_bytes())
            .attribute(5, &[]);
        let ulp = Request::new(0, 0).attribute(1, b"tls\0").attribute(2, &tls.as_bytes()[16..]);
        let info = UlpInfo(Slots::read(&ulp.as_bytes()[16..]));
        assert_eq!(info.name(), Some(&b"tls\0"[..]));
        let tls = TlsInfo(Slots::read(info.tls().unwrap()));
        assert_eq!((tls.version(), tls.cipher()), (Some(&0x0304u16.to_ne_bytes()[..]), Some(&54u16.to_ne_bytes()[..])));
        assert_eq!((tls.zc_ro_tx(), tls.rx_no_pad(), tls.txconf()), (Some(&[][..]), None, None));
        assert_eq!(info.mptcp(), None);
    }

    #[test]
    fn every_attribute_of_a_subflow_has_its_own_number() {
        let numbers: Vec<_> = MptcpSubflow::SPACE.attributes.iter().map(|row| row.number).collect();
        assert_eq!(numbers, (1..=11).collect::<Vec<_>>());
        assert!(MptcpSubflow::SPACE.header.is_none());
    }
}
