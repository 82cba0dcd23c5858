//! The operator's commands, run as an operator runs them: from a folder, with relative paths.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn intake(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_intake")).args(args).current_dir(dir).output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn keys_new_fills_an_empty_file_and_leaves_a_key_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("intake.key");
    fs::write(&file, "").unwrap();
    let made = intake(dir.path(), &["keys", "new", "intake.key"]);
    assert!(made.status.success(), "{}", said(&made.stderr));
    let key = fs::read_to_string(&file).unwrap();
    assert!(key.contains("index"), "a key with an index key stands in it");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);

    let again = intake(dir.path(), &["keys", "new", "intake.key"]);
    assert!(!again.status.success());
    assert!(said(&again.stderr).contains("intake.key is there already and is left alone"), "{}", said(&again.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
}
