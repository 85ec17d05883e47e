//! What BPF programs keep with a socket, laid out by its types as C would initialize it.
//!
//! The `ss` of this machine is no judge: up to 6.8 it has no such option, and Debian builds it without. The text was
//! held against 7.1 with libbpf 1.1, of which two bugs are mended here as libbpf itself mended them: it ended an array
//! of characters without its NUL, and left out the elements of every array behind one.

use sockeye_zoo::{KINDS, Skip, in_namespace};

use crate::oracle::Sides;

/// A value of the zoo's `struct sample`, which has members of every kind.
const INDENTED: &str = r"
		(struct sample){
			.packets = (unsigned int)3000000007,
			.level = (short)-321,
			.grade = (unsigned char)65,
			.low = (unsigned char)0x5,
			.high = (unsigned char)0x13,
			.name = (char[8])[
				't',
				'c',
				'p',
				7,
				'k',
				'\0',
			],
			.mood = (enum mood)BUSY,
			.other = (enum mood)7,
			.pairs = (struct pair[2])[
				{
					.a = 11,
					.b = 22,
				},
				{
					.a = 33,
					.b = 44,
				},
			],
			.where = (void *)0x1234,
			.ratio = (double)-1.500000,
			(union){
				.all = (unsigned long long)1099511627777,
			},
			.handler = (int (*)(int, void *))(nil),
		}
	]
";

const COMPACT: &str = concat!(
    "(struct sample){.packets = (unsigned int)3000000007,.level = (short)-321,.grade = (unsigned char)65,",
    ".low = (unsigned char)0x5,.high = (unsigned char)0x13,.name = (char[8])['t','c','p',7,'k','\\0',],",
    ".mood = (enum mood)BUSY,.other = (enum mood)7,.pairs = (struct pair[2])[{.a = 11,.b = 22,},{.a = 33,.b = 44,},],",
    ".where = (void *)0x1234,.ratio = (double)-1.500000,(union){.all = (unsigned long long)1099511627777,},",
    ".handler = (int (*)(int, void *))(nil),}\n"
);

pub(crate) fn a_value_is_laid_out_by_its_types() {
    in_namespace(|zoo| {
        let make = KINDS.iter().find(|(kind, _)| *kind == "tcp_bpf_storage").expect("the zoo has it").1;
        let specimen = make(zoo).map_err(Skip::from)?;
        let (id, _) = specimen.all()[0].bpf_storage.expect("that is what it is made for");
        let ours = Sides::ours(zoo);
        let row = |line: &str| {
            let said = ours.ask(line);
            assert_eq!((said.status, said.errors.as_str()), (Some(0), ""), "{line}");
            said.text
        };
        for line in ["ss -tlnH --bpf-maps".to_owned(), format!("ss -tlnH --bpf-map-id={id}")] {
            let text = row(&line);
            let (_, behind) = text.split_once(&format!("\n\tmap_id:{id} [")).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(behind, INDENTED, "{line}");
        }
        let text = row("ss -tlnHO --bpf-maps");
        let (_, behind) = text.split_once(&format!(" map_id:{id}")).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(behind, COMPACT);
        // Of a map that was not asked for nothing is shown, and one that is not there is not passed over in silence.
        let said = ours.ask(&format!("ss -tlnH --bpf-map-id={}", id + 1_000_000));
        assert_eq!((said.status, said.text.as_str()), (Some(1), ""));
        assert!(
            said.errors.contains(&format!("cannot look at BPF map {}: No such file", id + 1_000_000)),
            "{}",
            said.errors
        );
        Ok(())
    });
}
