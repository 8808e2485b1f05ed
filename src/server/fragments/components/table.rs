//! A table that sorts by links, keeps its head in view and turns into cards on phones.

use maud::{Markup, html};

use crate::markup::visible;

#[derive(Default)]
pub struct Column<'a> {
    pub label: &'a str,
    /// Numbers are aligned at the right.
    pub is_number: bool,
    /// None for columns that do not sort.
    pub sort: Option<Sort>,
}

pub struct Sort {
    /// The address of the list sorted by this column, or, if it is, the other way round.
    pub href: String,
    /// `ascending`, `descending`; none while the list is sorted by another column.
    pub order: Option<&'static str>,
}

/// Columns that do not sort.
pub fn columns<const N: usize>(labels: [&str; N]) -> [Column<'_>; N] {
    labels.map(|label| Column {
        label,
        ..Column::default()
    })
}

/// Roles keep it a table while it is laid out as cards. Rows have a cell for each column; the one in `head` names its row. The caption is for screen readers.
pub fn table<const N: usize>(
    caption: &str,
    columns: &[Column<'_>; N],
    head: usize,
    rows: &[[Markup; N]],
) -> Markup {
    html! {
        div class="table-scroll" tabindex="0" role="region" aria-label=(visible(caption)) {
            table class="table cards-table" role="table" {
                caption class="visually-hidden" { (visible(caption)) }
                thead role="rowgroup" { tr role="row" { @for column in columns { (heading(column)) } } }
                tbody role="rowgroup" {
                    @for row in rows {
                        tr role="row" {
                            @for (index, (cell, column)) in row.iter().zip(columns).enumerate() {
                                @let class = column.is_number.then_some("number");
                                @if index == head {
                                    th scope="row" role="rowheader" class=[class] { (cell) }
                                } @else {
                                    td role="cell" class=[class] data-label=(visible(column.label)) { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
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
                None => (visible(column.label)),
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
}
