//! A table that sorts by links, keeps its head in view and turns into cards on phones.

use maud::{Markup, html};

use crate::markup::visible;

#[derive(Default)]
pub struct Column<'a> {
    pub label: &'a str,
    /// The text that a short label stands for.
    pub title: Option<&'a str>,
    /// Numbers are aligned at the right.
    pub is_number: bool,
    /// Instants stay on one line.
    pub is_instant: bool,
    /// None for columns that do not sort.
    pub sort: Option<Sort>,
}

pub struct Sort {
    /// The address of the list sorted by this column, or, if it is, the other way round.
    pub href: String,
    /// `ascending`, `descending`; none while the list is sorted by another column.
    pub order: Option<&'static str>,
}

impl Column<'_> {
    fn class(&self) -> Option<&'static str> {
        match (self.is_number, self.is_instant) {
            (true, _) => Some("number"),
            (_, true) => Some("instant"),
            _ => None,
        }
    }
}

/// A column of numbers that does not sort.
pub fn number(label: &str) -> Column<'_> {
    Column {
        label,
        is_number: true,
        ..Column::default()
    }
}

/// A table with a class or a short name of its own, or with columns that readers choose.
///
/// Roles keep it a table while it is laid out as cards.
pub struct Table<'a> {
    pub class: Option<&'a str>,
    /// The name of the region.
    pub name: &'a str,
    /// For screen readers.
    pub caption: &'a str,
    pub columns: &'a [Column<'a>],
    /// The index of the cell that names its row.
    pub head: usize,
}

impl Table<'_> {
    /// Rows have a cell for each column. On phones, cells without a value (`–`) are not shown.
    pub fn markup(&self, rows: &[impl AsRef<[Markup]>]) -> Markup {
        html! {
            div class="table-scroll" tabindex="0" role="region" aria-label=(visible(self.name)) {
                table class={ "table cards-table" @if let Some(class) = self.class { " " (class) } } role="table" {
                    caption class="visually-hidden" { (visible(self.caption)) }
                    thead role="rowgroup" { tr role="row" { @for column in self.columns { (heading(column)) } } }
                    tbody role="rowgroup" { @for row in rows { (self.row(row.as_ref())) } }
                }
            }
        }
    }

    fn row(&self, cells: &[Markup]) -> Markup {
        html! {
            tr role="row" {
                @for (index, (cell, column)) in cells.iter().zip(self.columns).enumerate() {
                    @if index == self.head {
                        th scope="row" role="rowheader" class=[column.class()] { (cell) }
                    } @else {
                        td role="cell" class=[column.class()] data-label=(visible(column.label))
                            data-missing[cell.0 == "–"] { (cell) }
                    }
                }
            }
        }
    }
}

/// Columns that do not sort.
pub fn columns<const N: usize>(labels: [&str; N]) -> [Column<'_>; N] {
    labels.map(|label| Column {
        label,
        ..Column::default()
    })
}

/// The usual table; the caption is the name of its region, too.
pub fn table<const N: usize>(
    caption: &str,
    columns: &[Column<'_>; N],
    head: usize,
    rows: &[[Markup; N]],
) -> Markup {
    let table = Table {
        class: None,
        name: caption,
        caption,
        columns,
        head,
    };
    table.markup(rows)
}

fn heading(column: &Column<'_>) -> Markup {
    let order = column.sort.as_ref().and_then(|sort| sort.order);
    html! {
        th scope="col" role="columnheader" class=[column.is_number.then_some("number")] aria-sort=[order] {
            @match &column.sort {
                Some(sort) => a class="sort" href=(sort.href) {
                    (visible(column.label))
                    @match order {
                        Some("ascending") => span aria-hidden="true" { " ▲" },
                        Some(_) => span aria-hidden="true" { " ▼" },
                        None => {},
                    }
                },
                None => @match column.title {
                    Some(title) => abbr title=(visible(title)) { (visible(column.label)) },
                    None => (visible(column.label)),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;
    use crate::server::fragments::testing::{ESCAPED, HOSTILE};

    #[test]
    fn sorts_by_links_and_labels_cells_for_cards() {
        let columns = [
            Column {
                label: HOSTILE,
                ..Column::default()
            },
            Column {
                label: "Builds",
                is_number: true,
                sort: Some(Sort {
                    href: "/x?sort=builds".to_owned(),
                    order: Some("descending"),
                }),
                ..Column::default()
            },
        ];
        let html = table(HOSTILE, &columns, 0, &[[html! { "a" }, html! { "1" }]]).into_string();
        for part in [
            "aria-sort=\"descending\"><a class=\"sort\" href=\"/x?sort=builds\">Builds<span aria-hidden=\"true\"> ▼",
            "<th scope=\"row\" role=\"rowheader\">a</th><td role=\"cell\" class=\"number\" data-label=\"Builds\">1</td>",
        ] {
            assert!(html.contains(part), "{html}");
        }
        assert_eq!(html.matches(ESCAPED).count(), 3, "{html}");
        assert!(!html.contains("<script"), "{html}");
    }

    #[test]
    fn names_itself_in_short_and_marks_cells_without_a_value() {
        let columns = [
            Column {
                label: "Finished",
                is_instant: true,
                ..Column::default()
            },
            Column {
                label: "q",
                title: Some("False discovery rate"),
                ..Column::default()
            },
            number("Minutes"),
        ];
        let table = Table {
            class: Some("builds"),
            name: "Builds",
            caption: "The builds of 7 days",
            columns: &columns,
            head: 1,
        };
        let html = table
            .markup(&[vec![html! { "x" }, html! { "y" }, html! { "–" }]])
            .into_string();
        for part in [
            "aria-label=\"Builds\"><table class=\"table cards-table builds\" role=\"table\">",
            "<caption class=\"visually-hidden\">The builds of 7 days<",
            "<abbr title=\"False discovery rate\">q</abbr>",
            "<td role=\"cell\" class=\"instant\" data-label=\"Finished\">x</td><th scope=\"row\" role=\"rowheader\">y</th>",
            "<td role=\"cell\" class=\"number\" data-label=\"Minutes\" data-missing>–</td>",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
    }
}
