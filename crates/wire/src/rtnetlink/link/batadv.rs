//! Meshes of B.A.T.M.A.N. (include/uapi/linux/batman_adv.h).

crate::space! {
    /// What a mesh of B.A.T.M.A.N. adds to a link.
    pub static BATADV = "batadv"; {
        /// Algorithm by which ways are chosen.
        IFLA_BATADV_ALGO_NAME = 1 => "algo_name": Text, (5, 18);
    }
}
