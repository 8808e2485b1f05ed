//! Reads XML files element by element. Nothing is expanded or fetched: files that declare entities
//! are refused, because a few lines of them can expand to gigabytes.

use std::fmt;

use quick_xml::{
    XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
    reader::Reader,
};

use super::position::Lines;

/// Deeper than any real file.
const MAX_DEPTH: usize = 100;
/// More than any real element has.
const MAX_ATTRIBUTES: usize = 200;
/// The maximum length of a reason.
const MAX_REASON: usize = 200;

/// The nodes of a file, in its order. Names are local, without prefixes.
#[derive(Debug, PartialEq, Eq)]
pub enum Node<'a> {
    Open {
        name: &'a str,
        attributes: &'a [(String, String)],
    },
    /// A piece of text of the innermost open element, without comments.
    Text(&'a str),
    Close,
}

/// The reason why a file cannot be parsed, and the position of the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub reason: String,
    pub byte: u64,
}

impl Malformed {
    /// The parser's messages repeat names of the file, however long.
    fn new(reason: &str, byte: u64) -> Self {
        let reason = reason.chars().take(MAX_REASON).collect();
        Self { reason, byte }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed XML at byte {}: {}", self.byte, self.reason)
    }
}

/// Passes every node to `on`, with its line, until the end or the first fault. The line is that of the node's
/// first character, of a closing that of its last one.
///
/// # Errors
/// If the text is not well-formed, declares entities or is nested too deeply.
pub fn walk(text: &str, on: &mut dyn FnMut(Node<'_>, u32)) -> Result<(), Malformed> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut depth, mut roots) = (0_usize, 0_usize);
    let mut lines = Lines::new(text);
    loop {
        let first = lines.at(reader.buffer_position());
        let event = reader.read_event();
        let event =
            event.map_err(|error| Malformed::new(&error.to_string(), reader.error_position()))?;
        let fault = |reason: String| Malformed::new(&reason, reader.buffer_position());
        match event {
            // Empty elements are passed as an opening and a closing.
            Event::Start(start) | Event::Empty(start) => {
                roots += usize::from(depth == 0);
                depth += 1;
                if roots > 1 {
                    return Err(fault("a second root element".to_owned()));
                }
                if depth > MAX_DEPTH {
                    return Err(fault(format!("nested more than {MAX_DEPTH} elements deep")));
                }
                let attributes = attributes(&start).map_err(fault)?;
                let name = start.local_name();
                let open = Node::Open {
                    name: name.as_ref(),
                    attributes: &attributes,
                };
                on(open, first);
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                on(Node::Close, lines.at(reader.buffer_position()));
            }
            Event::Text(text) => on(Node::Text(&text.xml10_content()), first),
            Event::CData(text) => on(Node::Text(&text.xml10_content()), first),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref();
                let character = character.map_err(|error| fault(error.to_string()))?;
                let name = reference.into_inner();
                let mut buffer = [0; 4];
                let resolved = match character {
                    Some(character) => Some(&*character.encode_utf8(&mut buffer)),
                    None => resolve_predefined_entity(&name),
                };
                let undefined = || fault(format!("the entity “{}” is not defined", shown(&name)));
                on(Node::Text(resolved.ok_or_else(undefined)?), first);
            }
            Event::DocType(declaration) if declaration.contains('[') => {
                return Err(fault(
                    "it declares entities, which are not allowed".to_owned(),
                ));
            }
            Event::Eof if depth > 0 => {
                return Err(fault("it ends within an element".to_owned()));
            }
            Event::Eof => return Ok(()),
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let read = start.attributes().enumerate().map(|(index, attribute)| {
        // Each is compared with all before it.
        if index == MAX_ATTRIBUTES {
            return Err(format!(
                "an element has more than {MAX_ATTRIBUTES} attributes"
            ));
        }
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| error.to_string())?;
        let name = attribute.key.local_name();
        Ok((name.as_ref().to_owned(), value.into_owned()))
    });
    read.collect()
}

/// Shortens a word of a file for use in a message.
pub fn shown(text: &str) -> String {
    text.trim().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Vec<String>, Result<(), Malformed>) {
        let mut nodes = Vec::new();
        let result = walk(text, &mut |node, _| {
            nodes.push(match node {
                Node::Open { name, attributes } => format!("<{name} {attributes:?}"),
                Node::Text(text) => format!("{text:?}"),
                Node::Close => ">".to_owned(),
            });
        });
        (nodes, result)
    }

    #[test]
    fn names_are_local_and_comments_are_not_text() {
        let (nodes, result) = read(
            "\u{feff}<?xml version=\"1.0\"?>\n<a:b x = \"1\"><!-- c -->d&amp;&#45;<![CDATA[<e>]]></a:b>",
        );
        assert_eq!(result, Ok(()));
        assert_eq!(
            nodes[nodes.len() - 6..],
            [
                r#"<b [("x", "1")]"#,
                r#""d""#,
                r#""&""#,
                r#""-""#,
                r#""<e>""#,
                ">"
            ]
        );
    }

    #[test]
    fn nodes_have_their_lines() {
        let mut lines = Vec::new();
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<a>\n <b\n  x=\"1\"\n />\n\n<c>d\n</c\n></a>";
        let walked = walk(text, &mut |node, line| match node {
            Node::Open { name, .. } => lines.push(format!("<{name} {line}")),
            Node::Close => lines.push(format!("> {line}")),
            Node::Text(_) => {}
        });
        assert_eq!(walked, Ok(()));
        assert_eq!(lines, ["<a 2", "<b 3", "> 5", "<c 7", "> 9", "> 9"]);
    }

    #[test]
    fn malformed_xml_is_refused_with_its_position() {
        for text in [
            "<a><b></a>",
            "<a>",
            "<a",
            "<a/><b/>",
            "<a x=\"1\" x=\"2\"/>",
            "<a>&nbsp;</a>",
            "<!-- ",
            "</a>",
        ] {
            let (_, result) = read(text);
            let error = result.expect_err(text).to_string();
            assert!(error.starts_with("malformed XML at byte "), "{error}");
        }
    }

    #[test]
    fn entities_are_refused_before_anything_is_expanded() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        let (nodes, result) = read(bomb);
        assert!(nodes.is_empty());
        let error = result.expect_err("refused").to_string();
        assert!(error.contains("declares entities"), "{error}");
        let (_, result) = read("<!DOCTYPE a PUBLIC \"-//x\" \"http://localhost/x.dtd\"><a/>");
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn depth_is_bounded() {
        let text = "<a>".repeat(100_000);
        let error = read(&text).1.expect_err("refused").to_string();
        assert!(error.contains("deep"), "{error}");
    }

    #[test]
    fn attributes_are_bounded() {
        let many: String = (0..300).map(|number| format!(" a{number}=''")).collect();
        let error = read(&format!("<a{many}/>")).1.expect_err("refused");
        assert!(error.to_string().contains("200 attributes"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in "[<>/!\\[\\]\"'&;= a-c\\-?]{0,200}") {
            let _ = read(&text);
        }
    }
}
