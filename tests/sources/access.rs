//! The server as operators start it: for this machine only, unless they decide otherwise.

use crate::program::Program;

#[test]
fn others_are_let_in_only_on_purpose() {
    let mut program = Program::new([], |text| text);
    program.set("RSE_ADDR", "0.0.0.0");
    program.set("RSE_OPEN", "");
    for command in ["serve", "doctor"] {
        let output = program.run(&[command]);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("cannot listen on 0.0.0.0"), "{said}");
        assert!(said.contains("RSE_OPEN=1"), "{said}");
    }
    program.set("RSE_OPEN", "1");
    let output = program.run(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("the dashboard is open to everyone"), "{said}");
}
