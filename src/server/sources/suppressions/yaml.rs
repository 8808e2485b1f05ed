//! A tree of a YAML file with lines. It is bounded, and aliases are not followed.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{FileRules, filled};

/// Deeper and larger than any real file.
const MAX_DEPTH: usize = 50;
const MAX_NODES: usize = 100_000;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The first and the last line, from 1.
    pub line: u32,
    last_line: u32,
    value: Value,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Value {
    /// Also for aliases, and names that are no scalars.
    #[default]
    Null,
    Scalar(String),
    List(Vec<Node>),
    /// Names and values.
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub fn lines(&self) -> (u32, u32) {
        (self.line, self.last_line)
    }

    /// Returns the text of a scalar that is not blank.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub fn members(&self) -> &[(Node, Node)] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    pub fn get(&self, name: &str) -> Option<&Node> {
        let mut members = self.members().iter();
        let (_, value) = members.find(|(known, _)| known.text() == Some(name))?;
        Some(value)
    }

    /// Extends the lines by those of a part.
    fn cover(&mut self, part: &Node) {
        self.last_line = self.last_line.max(part.last_line);
    }
}

/// An open list or map, and the name whose value is next.
struct Open {
    node: Node,
    name: Option<Node>,
}

/// Parses the first document of a file. What stands before a fault is kept.
pub fn parse(text: &str, faults: &mut FileRules) -> Node {
    let mut open: Vec<Open> = Vec::new();
    let mut root = Node::default();
    let mut nodes = 0;
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<&str> = text.lines().collect();
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(read) => read,
            Err(error) => {
                let reason: String = error.info().chars().take(200).collect();
                let line = error.marker().line();
                faults.fault(format!("malformed YAML on line {line}: {reason}"));
                break;
            }
        };
        let value = match event {
            Event::SequenceStart(..) => Value::List(Vec::new()),
            Event::MappingStart(..) => Value::Map(Vec::new()),
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::Alias(_) => Value::Null,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(mut closed) = open.pop() {
                    // The end of a block is where the next token begins.
                    if span.start != span.end {
                        closed.node.last_line = closed.node.last_line.max(last_line(span, &lines));
                    }
                    add(&mut open, &mut root, closed.node);
                }
                continue;
            }
            Event::DocumentEnd => break,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {
                continue;
            }
        };
        nodes += 1;
        if open.len() >= MAX_DEPTH || nodes > MAX_NODES {
            faults.fault("nested too deeply, or too large".to_owned());
            break;
        }
        let is_open = matches!(value, Value::List(_) | Value::Map(_));
        let line = number(span.start.line());
        let node = Node {
            line,
            last_line: if is_open {
                line
            } else {
                last_line(span, &lines)
            },
            value,
        };
        if is_open {
            open.push(Open { node, name: None });
        } else {
            add(&mut open, &mut root, node);
        }
    }
    while let Some(left) = open.pop() {
        add(&mut open, &mut root, left.node);
    }
    root
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let is_null = style == ScalarStyle::Plain && matches!(text, "~" | "null" | "Null" | "NULL");
    match filled(text) {
        Some(text) if !is_null => Value::Scalar(text),
        _ => Value::Null,
    }
}

/// Adds a node to the innermost open one.
fn add(open: &mut [Open], root: &mut Node, node: Node) {
    let Some(Open { node: outer, name }) = open.last_mut() else {
        *root = node;
        return;
    };
    outer.cover(&node);
    match &mut outer.value {
        Value::List(items) => items.push(node),
        Value::Map(members) => match name.take() {
            Some(name) => members.push((name, node)),
            None => *name = Some(node),
        },
        Value::Null | Value::Scalar(_) => {}
    }
}

/// Returns the last line that is not blank; a text of several lines ends at the start of the next token.
fn last_line(span: Span, lines: &[&str]) -> u32 {
    let (first, mut end) = (span.start.line(), span.end.line());
    if span.end.col() == 0 && end > first {
        end -= 1;
    }
    let is_blank = |line: usize| {
        lines
            .get(line - 1)
            .is_none_or(|line| line.trim().is_empty())
    };
    while end > first && is_blank(end) {
        end -= 1;
    }
    number(end)
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Node, Vec<String>) {
        let mut faults = FileRules::default();
        (parse(text, &mut faults), faults.faults)
    }

    #[test]
    fn nodes_have_their_lines() {
        let (root, faults) = read(
            "---\na:\n  - b: |\n      x\n      y\n    c: ~\n  - {d: 1,\n     e: 'null'\n    }\n\n# z\nf: *a\n",
        );
        assert!(faults.len() <= 1);
        let items = root.get("a").expect("a list").items();
        assert_eq!(items[0].lines(), (3, 6));
        assert_eq!(items[0].get("b").and_then(Node::text), Some("x\ny"));
        assert_eq!(items[0].get("c").and_then(Node::text), None);
        assert_eq!(items[1].lines(), (7, 9));
        assert_eq!(items[1].get("e").and_then(Node::text), Some("null"));
    }

    #[test]
    fn the_part_before_a_fault_is_kept() {
        let (root, faults) = read("a:\n  - x\n  - \"y\nb: 1\n");
        assert_eq!(root.get("a").map(|list| list.items().len()), Some(1));
        assert!(
            faults[0].starts_with("malformed YAML on line "),
            "{faults:?}"
        );
    }

    #[test]
    fn depth_and_size_are_bounded() {
        for text in [
            "[".repeat(100_000),
            "- ".repeat(10_000),
            "- x\n".repeat(MAX_NODES + 10),
        ] {
            let (_, faults) = read(&text);
            assert_eq!(faults.len(), 1, "{faults:?}");
        }
    }
}
