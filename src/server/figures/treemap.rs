//! A treemap for plotly.js, missing from the plotly crate.

use plotly::Trace;
use serde::Serialize;

use super::theme;

/// Nested rectangles, as large as what is in them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Treemap {
    r#type: Kind,
    ids: Vec<String>,
    /// The id of each node's parent; empty for the root.
    parents: Vec<String>,
    labels: Vec<String>,
    /// The sizes of leaves; 0 for nodes with children, which are as large as these. plotly.js counts the
    /// leaves itself if none is larger than 1.
    #[serde(skip_serializing_if = "is_uniform")]
    values: Vec<u64>,
    hovertext: Vec<String>,
    marker: Marker,
    insidetextfont: InsideText,
    textinfo: &'static str,
    hovertemplate: &'static str,
    pathbar: PathBar,
}

fn is_uniform(values: &[u64]) -> bool {
    values.iter().all(|&value| value <= 1)
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
enum Kind {
    #[default]
    #[serde(rename = "treemap")]
    Treemap,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Marker {
    colors: Vec<&'static str>,
}

#[derive(Clone, Debug, Default, Serialize)]
struct InsideText {
    color: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct PathBar {
    visible: bool,
}

/// A node that can have children.
#[derive(Clone, Copy)]
pub struct Node(usize);

impl Treemap {
    /// Creates a treemap with a transparent root.
    pub fn new(label: String, hover: String) -> (Self, Node) {
        let mut treemap = Self {
            textinfo: "label",
            hovertemplate: "%{hovertext}<extra></extra>",
            ..Self::default()
        };
        let root = treemap.push(String::new(), 0, label, hover, "rgba(0,0,0,0)");
        (treemap, root)
    }

    /// Adds a node with children to a parent. `label` and `hover` must be escaped.
    pub fn add(
        &mut self,
        parent: Node,
        label: String,
        hover: String,
        colour: &'static str,
    ) -> Node {
        self.push(parent.0.to_string(), 0, label, hover, colour)
    }

    /// Adds a leaf of a size to a parent. `label` and `hover` must be escaped.
    pub fn add_leaf(
        &mut self,
        parent: Node,
        size: u64,
        label: String,
        hover: String,
        colour: &'static str,
    ) {
        self.push(parent.0.to_string(), size, label, hover, colour);
    }

    fn push(
        &mut self,
        parent: String,
        size: u64,
        label: String,
        hover: String,
        colour: &'static str,
    ) -> Node {
        let node = Node(self.ids.len());
        self.ids.push(node.0.to_string());
        self.parents.push(parent);
        self.labels.push(label);
        self.values.push(size);
        self.hovertext.push(hover);
        self.marker.colors.push(colour);
        self.insidetextfont.color.push(theme::ink(colour));
        node
    }
}

impl Trace for Treemap {
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text is always JSON")
    }
}
