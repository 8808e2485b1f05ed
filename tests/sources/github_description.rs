//! The stand-in's responses, checked against GitHub's own API description.

use std::{path::Path, process::Command};

use crate::github_support::{StandIn, TOKEN};

#[tokio::test]
async fn the_stand_in_responds_as_github_describes() {
    let stand_in = StandIn::start(&[]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let checked = Command::new("node")
        .arg(root.join("end2end/stand-ins/github.check.mjs"))
        .args([&stand_in.address, TOKEN])
        .output()
        .expect("node starts");
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    let complained = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}{complained}");
    eprintln!("{said}");
}
