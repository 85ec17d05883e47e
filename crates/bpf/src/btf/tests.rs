use super::*;

/// Types in the kernel's format, put together by hand.
#[derive(Default)]
struct Builder {
    types: Vec<u32>,
    strings: Vec<u8>,
    many: u32,
}

impl Builder {
    fn text(&mut self, text: &str) -> u32 {
        if self.strings.is_empty() {
            self.strings.push(0);
        }
        if text.is_empty() {
            return 0;
        }
        let at = u32::try_from(self.strings.len()).expect("few bytes");
        self.strings.extend(text.bytes().chain([0]));
        at
    }

    fn put(&mut self, name: &str, kind: u32, flagged_length: u32, other: u32, more: &[u32]) -> u32 {
        let name = self.text(name);
        self.types.extend([name, kind << 24 | flagged_length, other]);
        self.types.extend(more);
        self.many += 1;
        self.many
    }

    /// A structure of members: name, type, offset.
    fn structure(&mut self, name: &str, flag: bool, size: u32, members: &[(&str, u32, u32)]) -> u32 {
        let more: Vec<u32> = members.iter().flat_map(|&(name, kind, offset)| [self.text(name), kind, offset]).collect();
        let length = u32::try_from(members.len()).expect("few members") | u32::from(flag) << 31;
        self.put(name, STRUCT, length, size, &more)
    }

    fn finish(&self) -> Vec<u8> {
        let types: Vec<u8> = self.types.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("few bytes");
        let mut all = 0xeb9f_u16.to_ne_bytes().to_vec();
        all.extend([1, 0]);
        let header = [24, 0, length(&types), length(&types), length(&self.strings)];
        all.extend(header.iter().flat_map(|word| word.to_ne_bytes()));
        all.extend(types);
        all.extend(&self.strings);
        all
    }
}

/// Structures within each other, with and without names, bits, a tracepoint and an enumeration.
fn sample() -> Vec<u8> {
    let mut types = Builder::default();
    let int = types.put("unsigned int", INT, 0, 4, &[32]);
    let long = types.put("long", INT, 0, 8, &[64]);
    let hidden = types.structure("", false, 12, &[("before", int, 0), ("nr", int, 32), ("wide", long, 64)]);
    let level = types.put("pid", UNION, 2, 16, &[]);
    // Members of the union, appended behind its head.
    let (a, b) = (types.text("level"), types.text(""));
    types.types.extend([a, int, 0, b, hidden, 0]);
    let renamed = types.put("nice_name", TYPEDEF, 0, level, &[]);
    let constant = types.put("", CONST, 0, renamed, &[]);
    let pointer = types.put("", PTR, 0, level, &[]);
    let array = types.put("", ARRAY, 0, 0, &[int, int, 6]);
    types.structure(
        "task_struct",
        false,
        100,
        &[
            ("tgid", int, 8 * 8),
            ("", hidden, 16 * 8),
            ("cred", pointer, 40 * 8),
            ("inner", constant, 48 * 8),
            ("comm", array, 64 * 8),
        ],
    );
    types.structure("file", true, 8, &[("low", int, 3 << 24), ("high", int, 29 << 24 | 0x23), ("whole", int, 64)]);
    let argument = [0, 0, 0, pointer, 0, renamed, 0, long];
    let enumeration = types.text("NOT_SPECIFIED");
    let second = types.text("NO_SOCKET");
    let reason = types.put("inode", ENUM, 2, 4, &[enumeration, 2, second, 0xffff_ffff]);
    let reasons = types.put("", CONST, 0, reason, &[]);
    let function = types.put("", FUNC_PROTO, 5, 0, &[argument.as_slice(), &[0, reasons]].concat());
    let to_function = types.put("", PTR, 0, function, &[]);
    types.put("bpf_iter_meta", TYPEDEF, 0, to_function, &[]);
    types.put("bpf_iter_task_file", FUNC, 1, function, &[]);
    types.finish()
}

#[test]
fn members_are_found_in_structures_with_and_without_names() {
    let types = Btf::from_bytes(sample()).expect("well-formed");
    let place = |path| types.member("task_struct", path).map(|found| (found.offset, found.bytes, found.is_pointer));
    assert_eq!(place("tgid"), Some((8, 4, false)));
    assert_eq!(place("nr"), Some((20, 4, false)), "of a member without a name");
    assert_eq!(place("cred"), Some((40, 8, true)));
    assert_eq!(place("inner.level"), Some((48, 4, false)), "behind const and typedef");
    assert_eq!(place("inner.wide"), Some((56, 8, false)), "without a name, in a union, in a member");
    assert_eq!(place("comm"), Some((64, 24, false)), "an array");
    for path in ["nobody", "tgid.nr", "cred.level", "", ".", "inner."] {
        assert_eq!(place(path), None, "{path:?}");
    }
    assert_eq!(types.size_of("task_struct"), Some(100));
}

#[test]
fn bits_say_in_which_number_they_are() {
    let types = Btf::from_bytes(sample()).expect("well-formed");
    let bits = |path| types.member("file", path).map(|found| (found.offset, found.bytes, found.bits));
    assert_eq!(bits("low"), Some((0, 4, Some((0, 3)))));
    assert_eq!(bits("high"), Some((4, 4, Some((3, 29)))));
    assert_eq!(bits("whole"), Some((8, 4, None)));
}

#[test]
fn functions_tracepoints_and_enumerations_are_read() {
    let types = Btf::from_bytes(sample()).expect("well-formed");
    let number = types.function("bpf_iter_task_file").expect("a function");
    assert_eq!(types.find(number).expect("a type").kind, FUNC);
    assert_eq!(types.function("task_struct"), None, "a structure is no function");
    assert_eq!(
        types.arguments("bpf_iter_meta").expect("a tracepoint"),
        [Argument::Pointer("pid".into()), Argument::Other, Argument::Other, Argument::Enumeration("inode".into())],
    );
    assert_eq!(types.arguments("bpf_iter_task_file"), None);
    assert_eq!(
        types.values("inode").expect("an enumeration"),
        [(2, "NOT_SPECIFIED".into()), (u32::MAX, "NO_SOCKET".into())]
    );
}

#[test]
fn types_that_lead_to_themselves_end() {
    let mut types = Builder::default();
    types.put("bpf_iter_meta", TYPEDEF, 0, 1, &[]);
    // Two structures of many members without a name, each of which is the other.
    let (many, members) = (2000, [0, 3, 0, 0, 2, 0].repeat(1000));
    types.put("task_struct", STRUCT, many, 8, &members);
    types.put("file", STRUCT, many, 8, &members);
    types.put("cred", ARRAY, 0, 0, &[4, 4, 2]);
    let types = Btf::from_bytes(types.finish()).expect("well-formed");
    assert_eq!((types.member("task_struct", "tgid"), types.arguments("bpf_iter_meta")), (None, None));
    assert_eq!((types.size(1), types.size(4)), (None, None));
}

/// What would grow without end, or take as long: functions of functions of themselves, names as long as all strings, a
/// union of many long names.
#[test]
fn what_is_written_is_bounded_whatever_the_types_are() {
    let mut types = Builder::default();
    let int = types.put("int", INT, 0, 4, &[1 << 24 | 32]);
    let arguments = [0, 3].repeat(40);
    let function = types.put("", PTR, 0, 3, &[]);
    types.put("", FUNC_PROTO, 40, 3, &arguments);
    let long = "long_".repeat(2000);
    let named = types.put(&long, TYPEDEF, 0, int, &[]);
    let name = types.text(&long);
    let many = types.put("", UNION, 60_000, 4, &[name, named, 0].repeat(60_000));
    let all = types.finish();
    let types = Btf::from_bytes(all).expect("well-formed");
    for (number, wanted) in [(function, Err(Unwritten::Malformed)), (named, Ok(())), (many, Err(Unwritten::Malformed))]
    {
        let mut text = b"before".to_vec();
        assert_eq!(types.write_value(&mut text, number, &[7; 8], ValueLayout::Indented(1)), wanted, "{number}");
        assert!(text.len() < 2 << 20, "{} bytes for type {number}", text.len());
        assert!(text.starts_with(b"before"));
    }
}

/// Everything that is ever asked.
fn ask(types: &Btf) -> usize {
    let mut answers = 0;
    for name in crate::NAMES.concat() {
        answers += usize::from(types.function(name).is_some()) + types.arguments(name).map_or(0, |all| all.len());
        answers += types.values(name).map_or(0, |all| all.len());
        for path in ["tgid", "nr", "inner.level", "inner.wide", "cred", "comm", "low", "high"] {
            answers += types.member(name, path).map_or(0, |found| found.bytes as usize);
        }
        answers += types.size_of(name).map_or(0, |bytes| bytes as usize);
    }
    for number in 0..=u32::try_from(types.places.len()).expect("few types") {
        let mut text = Vec::new();
        let _ = types.write_value(&mut text, number, &[b'a'; 104], ValueLayout::Indented(1));
        answers += text.len();
    }
    answers
}

#[test]
fn values_are_written_as_c_would_initialize_them() {
    let mut types = Builder::default();
    let int = types.put("int", INT, 0, 4, &[1 << 24 | 32]);
    let numbers = types.put("", ARRAY, 0, 0, &[int, int, 2]);
    let pointer = types.put("", PTR, 0, numbers, &[]);
    let grid = types.put("", ARRAY, 0, 0, &[numbers, int, 2]);
    let declared = types.put("later", FWD, 0, 0, &[]);
    let far = types.put("", PTR, 0, declared, &[]);
    let function = types.put("", FUNC_PROTO, 2, 0, &[0, far, 0, 0]);
    let table = types.put("", ARRAY, 0, 0, &[far, int, 1]);
    let call = types.put("", PTR, 0, function, &[]);
    let negative = types.text("DOWN");
    let signed = types.put("way", ENUM, 1 | 1 << 31, 4, &[negative, 0xffff_ffff]);
    let (low, wide) = (types.text("LOW\u{1b}"), types.text("WIDE"));
    let large = types.put("", ENUM64, 2, 8, &[low, 1, 0, wide, 1, 1]);
    let hollow = types.structure("hollow", false, 8, &[("whole", int, 0), ("absent", declared, 32)]);
    let single = types.put("float", FLOAT, 0, 4, &[]);
    let many = types.put("", INT, 0, 16, &[128]);
    let types = Btf::from_bytes(types.finish()).expect("well-formed");
    let written = |number, value: &[u8]| {
        let mut text = Vec::new();
        let result = types.write_value(&mut text, number, value, ValueLayout::Compact);
        (String::from_utf8(text).expect("text"), result)
    };
    let whole = |number, value: &[u8]| {
        let (text, result) = written(number, value);
        assert_eq!(result, Ok(()), "{text}");
        text
    };
    let words = |words: &[i32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
    let address = 0xabc_u64.to_ne_bytes();
    assert_eq!(whole(int, &words(&[-7])), "(int)-7");
    assert_eq!(whole(grid, &words(&[1, 2, 3, 4])), "(int[2][2])[[1,2,],[3,4,],]");
    assert_eq!(whole(pointer, &address), "(int(*)[2])0xabc");
    assert_eq!(whole(table, &address), "(struct later *[1])[0xabc,]");
    assert_eq!(whole(call, &[0; 8]), "(void (*)(struct later *, ...))(nil)");
    assert_eq!(whole(signed, &words(&[-1])), "(enum way)DOWN");
    assert_eq!(whole(signed, &words(&[-2])), "(enum way)-2");
    assert_eq!(whole(large, &1_u64.to_ne_bytes()), "(enum )LOW?");
    assert_eq!(whole(large, &0x1_0000_0001_u64.to_ne_bytes()), "(enum )WIDE");
    assert_eq!(whole(large, &7_u64.to_ne_bytes()), "(enum )7ULL");
    assert_eq!(whole(single, &(-0.25_f32).to_ne_bytes()), "(float)-0.250000");
    assert_eq!(whole(many, &(u128::MAX - 1).to_ne_bytes()), "()0xfffffffffffffffffffffffffffffffe");
    // What could be written was.
    let (text, result) = written(hollow, &words(&[5, 6]));
    assert_eq!(
        (text.as_str(), result),
        (
            "(struct hollow){.whole = (int)5,.absent = (struct later)<unsupported kind:7>",
            Err(Unwritten::Unsupported(FWD))
        )
    );
    let (text, result) = written(grid, &words(&[1, 2, 3]));
    assert_eq!((text.as_str(), result), ("(int[2][2])[[1,2,],[3,", Err(Unwritten::Cut)));
    assert_eq!(written(int, &[1, 2, 3]).1, Err(Unwritten::Cut));
}

#[test]
fn every_truncation_is_an_error() {
    let whole = sample();
    assert!(ask(&Btf::from_bytes(whole.clone()).expect("well-formed")) > 100);
    for length in 0..whole.len() {
        let cut = Btf::from_bytes(whole[..length].to_vec());
        assert!(matches!(cut, Err(Error { cause: Cause::Malformed(_), .. })), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn mutations_are_read_or_refused_and_never_a_panic() {
    let whole = sample();
    let (mut seed, mut read) = (0x5eed_u64, 0);
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits") % below
    };
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..=random(4) {
            let (at, value) = (random(bytes.len()), random(256));
            bytes[at] = [value, 0, 0xff][random(3)].to_le_bytes()[0];
        }
        if let Ok(types) = Btf::from_bytes(bytes) {
            ask(&types);
            read += 1;
        }
    }
    assert!((1000..20_000).contains(&read), "{read} of 20000 were read: the mutations are too strong or too weak");
}

#[test]
fn the_running_kernel_is_the_same_mapped_and_read() {
    let Ok(bytes) = std::fs::read(PLACE) else {
        let reason = format!("{PLACE} is not there (CONFIG_DEBUG_INFO_BTF)");
        return sockeye_zoo::skip::skip(
            "the_running_kernel_is_the_same_mapped_and_read",
            &sockeye_zoo::Skip::new("bpf:btf", reason),
        );
    };
    let read = Btf::from_bytes(bytes).expect("the kernel's types");
    let opened = Btf::open().expect("the kernel's types");
    assert_eq!((opened.places.len(), &opened.named), (read.places.len(), &read.named));
    assert!(opened.places.len() > 10_000, "{opened:?}");
    // `struct pid` and its numbers are used by every kernel that has namespaces.
    let number = opened.need("upid", "nr").expect("the number of a process");
    assert_eq!((number.offset, number.bytes), (0, 4));
    let comm = opened.need("task_struct", "comm").expect("the name of a task");
    assert_eq!(comm.bytes, 16);
}
