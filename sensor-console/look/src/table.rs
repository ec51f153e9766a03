//! Tables: sticky header, numbers to the right, a count, and an empty state that says why it is empty and what to do.

use maud::{Markup, Render, html};

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Its header.
    pub title: &'a str,
    /// Whether it holds numbers.
    pub number: bool,
    /// Whether its cells break anywhere, as long names and texts must.
    pub wide: bool,
}

impl<'a> Column<'a> {
    /// Of text.
    #[must_use]
    pub const fn text(title: &'a str) -> Self {
        Self { title, number: false, wide: false }
    }

    /// Of numbers, to the right.
    #[must_use]
    pub const fn number(title: &'a str) -> Self {
        Self { title, number: true, wide: false }
    }

    /// Of long text, which takes the room that is left.
    #[must_use]
    pub const fn wide(title: &'a str) -> Self {
        Self { title, number: false, wide: true }
    }

    const fn class(&self) -> Option<&'static str> {
        match (self.number, self.wide) {
            (true, _) => Some("number"),
            (_, true) => Some("wide"),
            _ => None,
        }
    }
}

/// What stands in place of a table without rows.
#[derive(Debug, Clone)]
pub struct Empty {
    /// Why it is empty.
    pub why: String,
    /// What to do, if anything.
    pub next: Markup,
}

/// A table. Each row has as many cells as there are columns; the first names the row.
#[derive(Debug)]
pub struct Table<'a> {
    /// What it lists.
    pub caption: &'a str,
    /// Its columns.
    pub columns: &'a [Column<'a>],
    /// Its rows.
    pub rows: Vec<Vec<Markup>>,
    /// In place of no rows.
    pub empty: Empty,
}

impl Render for Table<'_> {
    fn render(&self) -> Markup {
        if self.rows.is_empty() {
            return html! {
                div class="empty" { p class="empty-why" { (self.empty.why) } (self.empty.next) }
            };
        }
        html! {
            div class="scroll" tabindex="0" role="region" aria-label=(self.caption) {
                table class="cards" {
                    caption class="visually-hidden" { (self.caption) }
                    thead {
                        tr { @for column in self.columns { th scope="col" class=[column.class()] { (column.title) } } }
                    }
                    tbody { @for row in &self.rows { (self.row(row)) } }
                }
            }
        }
    }
}

impl Table<'_> {
    fn row(&self, cells: &[Markup]) -> Markup {
        html! {
            tr {
                @for (place, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
                    @if place == 0 {
                        th scope="row" class=[column.class()] { (cell) }
                    } @else {
                        td class=[column.class()] data-label=(column.title) { (cell) }
                    }
                }
            }
        }
    }
}
