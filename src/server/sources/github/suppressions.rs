//! Suppression files of OWASP dependency-check, in any version of their schema.

use std::collections::HashSet;

use super::xml::{Node, shown, walk};
use crate::server::{
    model::Suppression,
    sources::file::{date, is_cve},
};

/// The maximum number of reported faults per file.
const MAX_FAULTS: usize = 3;

/// The entries of a file and its faults.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Suppressions {
    /// In file order, without duplicates.
    pub entries: Vec<Suppression>,
    /// For readers; empty if the file is valid.
    pub faults: Vec<String>,
}

/// Parses a file. Entries before a syntax error are kept: it is more honest to show too few
/// suppressions with a warning than none.
pub fn parse(text: &str) -> Suppressions {
    let mut state = ParserState::default();
    // An empty file suppresses nothing.
    if text.trim().is_empty() {
        return state.found;
    }
    let walked = walk(text, &mut |node| state.take(node));
    let mut found = state.found;
    if let Err(malformed) = walked {
        found.faults.insert(0, malformed.to_string());
    }
    found.faults.truncate(MAX_FAULTS);
    found
}

/// The state of the parser within the file.
#[derive(Default)]
struct ParserState {
    found: Suppressions,
    seen: HashSet<(String, Option<String>)>,
    depth: usize,
    /// The root element is that of a suppression file.
    known: bool,
    /// The attribute `until` of the open entry; the outer option is none outside entries.
    entry: Option<Option<String>>,
    /// The text of the element that names vulnerabilities, and whether it is a `cve`.
    names: Option<(String, bool)>,
}

impl ParserState {
    fn take(&mut self, node: Node<'_>) {
        match node {
            Node::Open { name, attributes } => {
                self.depth += 1;
                self.open(name, attributes);
            }
            Node::Text(text) => {
                if let Some((names, _)) = &mut self.names {
                    names.push_str(text);
                }
            }
            Node::Close => {
                match self.depth {
                    2 => self.entry = None,
                    3 => self.close_names(),
                    _ => {}
                }
                self.depth -= 1;
            }
        }
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        match (self.depth, name) {
            (1, "suppressions") => self.known = true,
            (1, other) => self.fault(format!(
                "not a suppression file: its root is <{}>",
                shown(other)
            )),
            (2, "suppress") if self.known => {
                let until = attributes.iter().find(|(name, _)| name == "until");
                let until = until.and_then(|(_, until)| self.until(until));
                self.entry = Some(until);
            }
            (2, other) if self.known => {
                self.fault(format!(
                    "<{}> is not an element that suppresses",
                    shown(other)
                ));
            }
            (3, "cve" | "vulnerabilityName") if self.entry.is_some() => {
                self.names = Some((String::new(), name == "cve"));
            }
            _ => {}
        }
    }

    /// Parses an end date. An invalid one must not hide that the CVE is suppressed.
    fn until(&mut self, text: &str) -> Option<String> {
        let read = date(text);
        if read.is_none() && !text.trim().is_empty() {
            self.fault(format!("until “{}” is not a date", shown(text)));
        }
        read
    }

    fn close_names(&mut self) {
        let Some((text, is_cve_element)) = self.names.take() else {
            return;
        };
        let until = self.entry.clone().flatten();
        for id in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
            let cve = id.to_uppercase();
            if is_cve(&cve) {
                let until = until.clone();
                if self.seen.insert((cve.clone(), until.clone())) {
                    self.found.entries.push(Suppression { cve, until });
                }
            } else if is_cve_element && !id.is_empty() {
                self.fault(format!("“{}” is not a CVE id", shown(id)));
            }
            // Names of vulnerabilities are often prose or ids of other lists.
        }
    }

    fn fault(&mut self, fault: String) {
        if !self.found.faults.contains(&fault) && self.found.faults.len() < MAX_FAULTS {
            self.found.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the entries as `id until`.
    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let found = parse(text);
        let entries = found.entries.into_iter().map(|entry| match entry.until {
            Some(until) => format!("{} {until}", entry.cve),
            None => entry.cve,
        });
        (entries.collect(), found.faults)
    }

    fn inside(entries: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<suppressions xmlns=\
             \"https://jeremylong.github.io/DependencyCheck/dependency-suppression.1.3.xsd\">\
             {entries}</suppressions>"
        )
    }

    #[test]
    fn entries_are_read_as_they_are_written() {
        let cases: [(&str, &[&str]); 14] = [
            (
                "<suppress><cve>CVE-2019-0001</cve></suppress>",
                &["CVE-2019-0001"],
            ),
            (
                "<suppress><cve>\n  cve-2019-0001 </cve></suppress>",
                &["CVE-2019-0001"],
            ),
            (
                "<suppress><cve>CVE-2019-0001,\n CVE-2019-0002,CVE-2019-0001</cve></suppress>",
                &["CVE-2019-0001", "CVE-2019-0002"],
            ),
            ("<suppress><cve></cve><cve/></suppress>", &[]),
            (
                "<suppress until=\"2027-04-02Z\"><cve>CVE-2019-0001</cve></suppress>",
                &["CVE-2019-0001 2027-04-02Z"],
            ),
            (
                "<suppress until = '2019-01-01+01:00'><cve>CVE-2019-0001</cve></suppress>\
                 <suppress><cve>CVE-2019-0001</cve></suppress>",
                &["CVE-2019-0001 2019-01-01+01:00", "CVE-2019-0001"],
            ),
            (
                "<!-- <suppress><cve>CVE-2019-0001</cve></suppress> -->",
                &[],
            ),
            (
                "<suppress><!-- CVE-2019-0001 --><cve><!-- no -->CVE-2019-0002</cve></suppress>",
                &["CVE-2019-0002"],
            ),
            (
                "<suppress base=\"true\"><vulnerabilityName>CVE-2019-0001</vulnerabilityName></suppress>",
                &["CVE-2019-0001"],
            ),
            (
                "<suppress><vulnerabilityName regex=\"true\">.*prose of CVE.*</vulnerabilityName>\
                 <vulnerabilityName>GHSA-36jr-mh4h-2g58</vulnerabilityName></suppress>",
                &[],
            ),
            (
                "<suppress><notes><![CDATA[ CVE-2019-0001 ]]></notes><cpe>cpe:/a:b:c</cpe></suppress>",
                &[],
            ),
            (
                "<suppress><cvssBelow>4</cvssBelow><cwe>20</cwe></suppress>",
                &[],
            ),
            ("<suppress/>", &[]),
            (
                "<suppress><cve>CVE&#45;2019-<![CDATA[0001]]></cve></suppress>",
                &["CVE-2019-0001"],
            ),
        ];
        for (entries, expected) in cases {
            let (read, faults) = read(&inside(entries));
            assert_eq!(read, expected, "{entries}");
            assert!(faults.is_empty(), "{entries}: {faults:?}");
        }
    }

    #[test]
    fn any_namespace_and_prefix_will_do() {
        for root in [
            "suppressions",
            "suppressions xmlns=\"https://www.owasp.org/index.php/OWASP_Dependency_Check_Suppression\"",
            "suppressions xmlns=\"https://jeremylong.github.io/DependencyCheck/dependency-check.2.2.xsd\"",
        ] {
            let text =
                format!("<{root}><suppress><cve>CVE-2019-0001</cve></suppress></suppressions>");
            assert_eq!(read(&text), (vec!["CVE-2019-0001".to_owned()], vec![]));
        }
        let text = "<s:suppressions xmlns:s=\"x\"><s:suppress><s:cve>CVE-2019-0001</s:cve></s:suppress></s:suppressions>";
        assert_eq!(read(text).0, ["CVE-2019-0001"]);
    }

    #[test]
    fn files_without_entries_suppress_nothing() {
        let checkstyle = "<?xml version=\"1.0\"?><!DOCTYPE suppressions PUBLIC \
            \"-//Checkstyle//DTD SuppressionFilter Configuration 1.2//EN\" \"x.dtd\">\
            <suppressions><suppress checks=\".*\" files=\".*CVE-2019-0001.*\"/></suppressions>";
        for text in ["", " \n", "<suppressions/>", &inside(""), checkstyle] {
            assert_eq!(read(text), (vec![], vec![]), "{text}");
        }
    }

    #[test]
    fn invalid_parts_are_reported_and_the_rest_is_kept() {
        let cases = [
            (
                "<suppress><cve>CVE-2022-083</cve><cve>CVE-2022-0831</cve></suppress>",
                "“CVE-2022-083” is not a CVE id",
            ),
            (
                "<supress><cve>CVE-2019-0001</cve></supress><suppress><cve>CVE-2022-0831</cve></suppress>",
                "<supress>",
            ),
            (
                "<suppress until=\"soon\"><cve>CVE-2022-0831</cve></suppress>",
                "until “soon” is not a date",
            ),
        ];
        for (entries, fault) in cases {
            let (read, faults) = read(&inside(entries));
            assert_eq!(read, ["CVE-2022-0831"], "{entries}");
            assert!(faults[0].contains(fault), "{faults:?}");
        }
        let (entries, faults) = read(
            "<suppressions><suppress><cve>CVE-2022-0831</cve></suppress><suppress></suppressions>",
        );
        assert_eq!(entries, ["CVE-2022-0831"]);
        assert!(faults[0].starts_with("malformed XML at byte"), "{faults:?}");
        let (_, faults) = read("<analysis><suppressions/></analysis>");
        assert!(faults[0].contains("<analysis>"), "{faults:?}");
    }

    #[test]
    fn faults_do_not_grow_with_the_file() {
        let many = "<suppress><cve>CVE-1, CVE-2, CVE-3, CVE-4, CVE-5</cve></suppress>".repeat(1000);
        assert_eq!(parse(&inside(&many)).faults.len(), MAX_FAULTS);
        let long = parse(&format!("<suppressions><{}></x>", "s".repeat(10_000)));
        assert!(long.faults.iter().all(|fault| fault.len() < 300));
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in ".{0,300}") {
            parse(&text);
            parse(&inside(&text));
        }

        #[test]
        fn ids_are_found_in_any_surroundings(
            numbers in proptest::collection::vec(1000..99_999_u32, 0..8),
            space in "[ \n\t,]{1,3}",
        ) {
            let ids: Vec<String> = numbers.iter().map(|n| format!("CVE-2020-{n}")).collect();
            let joined = ids.join(&space);
            let found = parse(&inside(&format!("<suppress><cve>{space}{joined}</cve></suppress>")));
            let mut expected = ids.clone();
            let mut seen = std::collections::HashSet::new();
            expected.retain(|id| seen.insert(id.clone()));
            let read: Vec<String> = found.entries.into_iter().map(|entry| entry.cve).collect();
            prop_assert_eq!(read, expected);
            prop_assert!(found.faults.is_empty());
        }
    }
}
