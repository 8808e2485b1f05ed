//! Suppression files of OWASP dependency-check, in any version of their schema.

use std::collections::HashSet;

use super::{FileRules, MAX_FAULTS, add_id, filled, is_id, rule, shown};
use crate::server::{
    model::{RuleFormat, Selector, SelectorKind, Suppression, SuppressionRule},
    sources::{
        file::{date, is_cve},
        xml::{Node, walk},
    },
};

/// The entries of a file, its rules and its faults.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Suppressions {
    /// The CVEs in file order, without duplicates.
    pub entries: Vec<Suppression>,
    pub rules: FileRules,
}

/// Parses a file. Entries before a syntax error are kept: it is more honest to show too few
/// suppressions with a warning than none.
pub fn parse(path: &str, text: &str) -> Suppressions {
    let mut state = ParserState {
        path,
        ..ParserState::default()
    };
    // An empty file suppresses nothing.
    if text.trim().is_empty() {
        return state.found;
    }
    let walked = walk(text, &mut |node, line| state.take(node, line));
    let mut found = state.found;
    if let Err(malformed) = walked {
        found.rules.faults.insert(0, malformed.to_string());
    }
    found.rules.faults.truncate(MAX_FAULTS);
    found
}

/// The state of the parser within the file.
#[derive(Default)]
struct ParserState<'a> {
    path: &'a str,
    found: Suppressions,
    seen: HashSet<(String, Option<String>)>,
    depth: usize,
    /// The root element is that of a suppression file.
    known: bool,
    entry: Option<Entry>,
    element: Option<Element>,
}

/// An open entry.
struct Entry {
    rule: SuppressionRule,
    /// Its last day, if that can be read.
    until: Option<String>,
}

/// An open element of an entry.
struct Element {
    name: String,
    regex: bool,
    text: String,
}

impl ParserState<'_> {
    fn take(&mut self, node: Node<'_>, line: u32) {
        match node {
            Node::Open { name, attributes } => {
                self.depth += 1;
                self.open(name, attributes, line);
            }
            Node::Text(text) => {
                if let Some(element) = &mut self.element {
                    element.text.push_str(text);
                }
            }
            Node::Close => {
                match self.depth {
                    2 => self.close_entry(line),
                    3 => self.close_element(),
                    _ => {}
                }
                self.depth -= 1;
            }
        }
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)], line: u32) {
        match (self.depth, name) {
            (1, "suppressions") => self.known = true,
            (1, other) => self.fault(format!(
                "not a suppression file: its root is <{}>",
                shown(other)
            )),
            (2, "suppress") if self.known => {
                let mut rule = rule(RuleFormat::DependencyCheck, self.path, (line, line));
                rule.until = attribute(attributes, "until").and_then(filled);
                let until = rule.until.as_deref().and_then(|until| self.until(until));
                self.entry = Some(Entry { rule, until });
            }
            (2, other) if self.known => {
                self.fault(format!(
                    "<{}> is not an element that suppresses",
                    shown(other)
                ));
            }
            (3, name) if self.entry.is_some() => {
                let regex = attribute(attributes, "regex").unwrap_or_default().trim();
                self.element = Some(Element {
                    name: name.to_owned(),
                    regex: matches!(regex, "true" | "1"),
                    text: String::new(),
                });
            }
            _ => {}
        }
    }

    /// Parses an end date. An invalid one must not hide that the CVE is suppressed.
    fn until(&mut self, text: &str) -> Option<String> {
        let read = date(text);
        if read.is_none() {
            self.fault(format!("until “{}” is not a date", shown(text)));
        }
        read
    }

    fn close_entry(&mut self, line: u32) {
        if let Some(Entry { mut rule, .. }) = self.entry.take() {
            rule.last_line = line;
            self.found.rules.push(rule);
        }
    }

    fn close_element(&mut self) {
        let (Some(element), Some(mut entry)) = (self.element.take(), self.entry.take()) else {
            return;
        };
        let text = element.text.trim();
        let kind = match element.name.as_str() {
            "cve" => {
                self.names(&element, &entry);
                for id in words(text) {
                    add_target(&mut entry.rule, id, false);
                }
                None
            }
            "vulnerabilityName" => {
                self.names(&element, &entry);
                // Several ids, or else prose.
                if words(text).all(|word| is_id(&word.to_uppercase())) {
                    words(text).for_each(|id| add_id(&mut entry.rule, id));
                } else {
                    add_target(&mut entry.rule, text, element.regex);
                }
                None
            }
            "cwe" => Some(SelectorKind::VulnerabilityName),
            "sha1" => Some(SelectorKind::Sha1),
            "packageUrl" => Some(SelectorKind::PackageUrl),
            "gav" => Some(SelectorKind::Gav),
            "filePath" => Some(SelectorKind::FilePath),
            "cpe" => Some(SelectorKind::Cpe),
            "notes" => {
                entry.rule.notes = entry.rule.notes.take().or_else(|| filled(text));
                None
            }
            name if name.starts_with("cvss") => {
                entry.rule.cvss_below = entry.rule.cvss_below.take().or_else(|| filled(text));
                None
            }
            _ => None,
        };
        if let (Some(kind), Some(text)) = (kind, filled(text)) {
            let regex = element.regex;
            entry.rule.selectors.push(Selector { kind, text, regex });
        }
        self.entry = Some(entry);
    }

    /// Adds the CVEs that an element names.
    fn names(&mut self, element: &Element, entry: &Entry) {
        for id in words(&element.text) {
            let cve = id.to_uppercase();
            if is_cve(&cve) {
                let until = entry.until.clone();
                if self.seen.insert((cve.clone(), until.clone())) {
                    self.found.entries.push(Suppression { cve, until });
                }
            } else if element.name == "cve" {
                self.fault(format!("“{}” is not a CVE id", shown(id)));
            }
            // Names of vulnerabilities are often prose or ids of other lists.
        }
    }

    fn fault(&mut self, fault: String) {
        self.found.rules.fault(fault);
    }
}

/// Adds an id, or another name of a vulnerability as a selector.
fn add_target(rule: &mut SuppressionRule, text: &str, regex: bool) {
    if is_id(&text.to_uppercase()) {
        add_id(rule, text);
    } else if let Some(text) = filled(text) {
        rule.selectors.push(Selector {
            kind: SelectorKind::VulnerabilityName,
            text,
            regex,
        });
    }
}

fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(known, _)| known == name)?;
    Some(&found.1)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the entries as `id until`.
    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let found = parse("s.xml", text);
        let entries = found.entries.into_iter().map(|entry| match entry.until {
            Some(until) => format!("{} {until}", entry.cve),
            None => entry.cve,
        });
        (entries.collect(), found.rules.faults)
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
    fn rules_are_read_whole_with_their_lines() {
        let text = "<?xml version=\"1.0\"?>\n<suppressions>\n<!-- why -->\n<suppress until = '2027-04-02Z' base=\"true\">\n\
            <notes><![CDATA[\n not affected ]]></notes>\n<packageUrl regex=\"true\">^pkg:maven/a/b@.*$</packageUrl>\n\
            <cve>cve-2019-0001</cve><cve>CVE-2022-083</cve>\n</suppress>\n<suppress><gav>a:b:1</gav><cpe>cpe:/a:b</cpe>\
            <sha1>ab</sha1><filePath regex=\"1\">.*x</filePath></suppress><suppress>\n<cvssBelow> 7 </cvssBelow></suppress>\n\
            <suppress><notes/><vulnerabilityName>GHSA-36jr-mh4h-2g58</vulnerabilityName>\
            <vulnerabilityName regex=\"true\">.*prose of CVE-2019-0002.*</vulnerabilityName></suppress></suppressions>";
        let selector = |kind, text: &str, regex| Selector {
            kind,
            text: text.to_owned(),
            regex,
        };
        let found = parse("s.xml", text);
        let rules = found.rules.rules;
        let lines: Vec<(u32, u32)> = rules
            .iter()
            .map(|rule| (rule.line, rule.last_line))
            .collect();
        assert_eq!(lines, [(4, 9), (10, 10), (10, 11), (12, 12)]);
        assert_eq!(
            rules[0],
            SuppressionRule {
                file: "s.xml".to_owned(),
                line: 4,
                last_line: 9,
                ids: vec!["CVE-2019-0001".to_owned()],
                selectors: vec![
                    selector(SelectorKind::PackageUrl, "^pkg:maven/a/b@.*$", true),
                    selector(SelectorKind::VulnerabilityName, "CVE-2022-083", false),
                ],
                until: Some("2027-04-02Z".to_owned()),
                notes: Some("not affected".to_owned()),
                ..SuppressionRule::default()
            }
        );
        let kinds: Vec<_> = rules[1]
            .selectors
            .iter()
            .map(|one| (one.kind, one.regex))
            .collect();
        assert_eq!(
            kinds,
            [
                (SelectorKind::Gav, false),
                (SelectorKind::Cpe, false),
                (SelectorKind::Sha1, false),
                (SelectorKind::FilePath, true),
            ]
        );
        assert_eq!(rules[2].cvss_below.as_deref(), Some("7"));
        assert_eq!(rules[3].ids, ["GHSA-36JR-MH4H-2G58"]);
        assert_eq!(
            (rules[3].selectors[0].regex, &rules[3].notes),
            (true, &None)
        );
    }

    #[test]
    fn an_unreadable_end_is_kept_as_written() {
        let found = parse(
            "s.xml",
            &inside("<suppress until=\"soon\"><cve>CVE-2019-0001</cve></suppress>"),
        );
        assert_eq!(found.rules.rules[0].until.as_deref(), Some("soon"));
        assert_eq!(found.entries[0].until, None);
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
        assert_eq!(
            parse("s.xml", &inside(&many)).rules.faults.len(),
            MAX_FAULTS
        );
        let long = parse(
            "s.xml",
            &format!("<suppressions><{}></x>", "s".repeat(10_000)),
        );
        assert!(long.rules.faults.iter().all(|fault| fault.len() < 300));
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in ".{0,300}") {
            parse("s.xml", &text);
            parse("s.xml", &inside(&text));
        }

        #[test]
        fn ids_are_found_in_any_surroundings(
            numbers in proptest::collection::vec(1000..99_999_u32, 0..8),
            space in "[ \n\t,]{1,3}",
        ) {
            let ids: Vec<String> = numbers.iter().map(|n| format!("CVE-2020-{n}")).collect();
            let joined = ids.join(&space);
            let found = parse("s.xml", &inside(&format!("<suppress><cve>{space}{joined}</cve></suppress>")));
            let mut expected = ids.clone();
            let mut seen = std::collections::HashSet::new();
            expected.retain(|id| seen.insert(id.clone()));
            let read: Vec<String> = found.entries.into_iter().map(|entry| entry.cve).collect();
            prop_assert_eq!(read, expected);
            prop_assert!(found.rules.faults.is_empty());
        }
    }
}
