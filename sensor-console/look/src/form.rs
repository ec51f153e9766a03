//! Forms: one column, label above field, help under label, errors beside their field; plain posts that work anywhere.

use maud::{Markup, Render, html};

use crate::{
    icon::{Icon, icon},
    words,
};

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind<'a> {
    /// A line of text.
    Text,
    /// A password, never filled in by the page. `fresh`: it is chosen here, not asked for.
    Password { fresh: bool },
    /// A longer text.
    Area { rows: u8 },
    /// A file, by button or dropped onto it. What the browser offers at first, as `.activation`.
    File { accept: &'a str },
    /// One of several: value and words.
    Choice(&'a [(&'a str, &'a str)]),
    /// Yes or no.
    Tick,
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Its name in the form, and its id.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// What it takes.
    pub kind: FieldKind<'a>,
    /// What it holds.
    pub value: &'a str,
    /// A line under the label.
    pub help: &'a str,
    /// What is wrong with what was entered.
    pub error: Option<&'a str>,
    /// Whether the form cannot do without it.
    pub required: bool,
    /// The browser's autocomplete word; empty: off.
    pub autocomplete: &'a str,
    /// Most characters; 0: not bounded here.
    pub max_length: u32,
}

impl<'a> Field<'a> {
    /// A required line of text.
    #[must_use]
    pub const fn text(name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            kind: FieldKind::Text,
            value: "",
            help: "",
            error: None,
            required: true,
            autocomplete: "",
            max_length: 0,
        }
    }

    /// Of another kind.
    #[must_use]
    pub const fn of(name: &'a str, label: &'a str, kind: FieldKind<'a>) -> Self {
        Self { kind, ..Self::text(name, label) }
    }

    fn described_by(&self) -> Option<String> {
        let help = (!self.help.is_empty()).then(|| format!("{}-help", self.name));
        let error = self.error.map(|_| format!("{}-error", self.name));
        match (help, error) {
            (Some(help), Some(error)) => Some(format!("{help} {error}")),
            (help, error) => help.or(error),
        }
    }

    fn autocomplete(&self) -> &str {
        match (self.autocomplete, self.kind) {
            ("", FieldKind::Password { fresh: true }) => "new-password",
            ("", FieldKind::Password { fresh: false }) => "current-password",
            ("", _) => "off",
            (word, _) => word,
        }
    }

    fn input(&self) -> Markup {
        let described = self.described_by();
        let invalid = self.error.map(|_| "true");
        let max = (self.max_length > 0).then_some(self.max_length);
        match self.kind {
            FieldKind::Text => html! {
                input type="text" id=(self.name) name=(self.name) value=(self.value) required[self.required]
                    autocomplete=(self.autocomplete()) spellcheck="false" maxlength=[max]
                    aria-describedby=[described] aria-invalid=[invalid];
            },
            FieldKind::Password { .. } => html! {
                input type="password" id=(self.name) name=(self.name) required[self.required]
                    autocomplete=(self.autocomplete()) maxlength=[max]
                    aria-describedby=[described] aria-invalid=[invalid];
            },
            FieldKind::Area { rows } => html! {
                textarea id=(self.name) name=(self.name) rows=(rows) required[self.required] spellcheck="false"
                    autocomplete="off" maxlength=[max] aria-describedby=[described] aria-invalid=[invalid]
                    { (self.value) }
            },
            FieldKind::File { accept } => html! {
                div class="drop" data-drop {
                    (icon(Icon::Upload))
                    input type="file" id=(self.name) name=(self.name) accept=(accept) required[self.required]
                        aria-describedby=[described] aria-invalid=[invalid];
                    output class="muted" for=(self.name) {}
                }
            },
            FieldKind::Choice(choices) => html! {
                select id=(self.name) name=(self.name) aria-describedby=[described] aria-invalid=[invalid] {
                    @for (value, words) in choices {
                        option value=(value) selected[*value == self.value] { (words) }
                    }
                }
            },
            FieldKind::Tick => html! {
                input type="checkbox" id=(self.name) name=(self.name) value="yes" checked[self.value == "yes"]
                    required[self.required] aria-describedby=[described] aria-invalid=[invalid];
            },
        }
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        let tick = self.kind == FieldKind::Tick;
        let optional = !self.required && matches!(self.kind, FieldKind::Text | FieldKind::Password { .. });
        html! {
            div class={ "field" @if tick { " tick" } @if self.error.is_some() { " wrong" } } {
                @if tick { (self.input()) }
                label for=(self.name) {
                    (self.label)
                    @if optional { " " span class="muted" { "(" (words::OPTIONAL) ")" } }
                }
                @if !self.help.is_empty() { p class="help" id={ (self.name) "-help" } { (self.help) } }
                @if let Some(error) = self.error {
                    p class="field-error" id={ (self.name) "-error" } { (icon(Icon::Critical)) (error) }
                }
                @if !tick { (self.input()) }
            }
        }
    }
}

/// A button's weight. The dangerous one is red only where its page is about danger, and never the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// The one action of the page.
    Primary,
    /// Another.
    Secondary,
    /// One that ends or erases something.
    Danger,
}

impl Button {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button primary",
            Self::Secondary => "button",
            Self::Danger => "button danger",
        }
    }
}

/// Submits its form.
#[must_use]
pub fn primary(label: &str) -> Markup {
    submit(Button::Primary, label)
}

/// Submits its form, quietly.
#[must_use]
pub fn secondary(label: &str) -> Markup {
    submit(Button::Secondary, label)
}

/// Submits a form that ends or erases something.
#[must_use]
pub fn danger(label: &str) -> Markup {
    submit(Button::Danger, label)
}

fn submit(weight: Button, label: &str) -> Markup {
    html! { button type="submit" class=(weight.class()) { (label) } }
}

/// A link that looks like a button, for going somewhere.
#[must_use]
pub fn button_link(weight: Button, href: &str, label: &str, which: Option<Icon>) -> Markup {
    html! { a class=(weight.class()) href=(href) { @if let Some(which) = which { (icon(which)) } (label) } }
}

/// A form that posts to where it says, with the session's token.
#[derive(Debug)]
pub struct Form<'a> {
    /// Where to.
    pub action: &'a str,
    /// The session's token; empty before sign-in.
    pub csrf: &'a str,
    /// Whether it carries a file.
    pub multipart: bool,
    /// Its fields.
    pub fields: Markup,
    /// Its buttons.
    pub buttons: Markup,
}

impl Render for Form<'_> {
    fn render(&self) -> Markup {
        html! {
            form method="post" action=(self.action) enctype=[self.multipart.then_some("multipart/form-data")] {
                @if !self.csrf.is_empty() { input type="hidden" name="csrf" value=(self.csrf); }
                (self.fields)
                div class="buttons" { (self.buttons) }
            }
        }
    }
}
