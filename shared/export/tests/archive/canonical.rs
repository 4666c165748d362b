//! `verify.py` writes canonical JSON (RFC 8785) as the service does, also where the package `rfc8785` is not installed.

use alims_domain::hashing::canonical_json;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Reads documents, one a line, and prints each as the program writes it.
const PROGRAM: &str = "\
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(verify.own_canonical(verify.parsed(line)).encode('utf-8') + b'\\n')
";

fn rewritten(lines: &[u8]) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("archive");
    let mut python = Command::new("python3")
        .args(["-c", PROGRAM])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs the program python3");
    let mut stdin = python.stdin.take().unwrap();
    let lines = lines.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&lines));
    let output = python.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn every_number_text_and_order_is_written_as_the_service_writes_it() {
    let mut documents: Vec<Value> = vec![
        json!({"é": 1, "😀": 2, "\u{fb33}": 3, "a\u{0}\u{1f}\u{7f}\u{8}": "\u{2028}\\\"/", "": {}, "b": [], "a": null}),
        json!([
            0.0,
            -0.0,
            1e20,
            1e21,
            1e-6,
            1e-7,
            5e-324,
            f64::MAX,
            0.1,
            123.456e-9,
            333_333_333.333_333_3,
            true,
            false
        ]),
        json!([
            9_007_199_254_740_991_u64,
            9_007_199_254_740_993_u64,
            u64::MAX,
            i64::MIN,
            1_000_000_000_000_000_000_000.0
        ]),
    ];
    let mut random = 7_u64;
    for _document in 0..5_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = f64::from_bits(random);
        documents.extend(number.is_finite().then(|| json!([number, number.trunc(), number / 1e300])));
    }
    let mut lines = Vec::new();
    for document in &documents {
        // A number that is too large for the service is none of its records.
        if let Ok(canonical) = canonical_json(document) {
            lines.extend_from_slice(canonical.as_bytes());
            lines.push(b'\n');
        }
    }
    let count = lines.iter().filter(|byte| **byte == b'\n').count();
    assert!(count > 4_000, "{count} documents");
    let rewritten = rewritten(&lines);
    for (line, written) in lines.split(|byte| *byte == b'\n').zip(rewritten.split(|byte| *byte == b'\n')) {
        assert_eq!(String::from_utf8_lossy(written), String::from_utf8_lossy(line));
    }
}
