//! The look of Picket's pages: layout, parts, style, icons. Knows no data and does no I/O: values in, markup out.
//!
//! Nothing here writes an inline script or style, so that pages stand under a strict content security policy.

pub mod assets;
mod change;
pub mod chart;
mod copy;
mod definition;
mod form;
mod icon;
mod layout;
mod message;
mod progress;
mod refusal;
mod steps;
mod table;
mod tone;
mod when;
pub mod words;

pub use change::{Change, now_then};
pub use copy::{copyable, identifier};
pub use definition::{Definitions, Entry};
pub use form::{Button, Field, FieldKind, Form, button_link, danger, primary, secondary};
pub use icon::{Icon, icon};
pub use layout::{Identity, Layout, NavLink, Person, bare, page};
pub use maud::{DOCTYPE, Markup, PreEscaped, Render, html};
pub use message::{Message, message, messages};
pub use progress::{Progress, progress};
pub use refusal::{Finding, Refusal, refusal};
pub use steps::{Step, StepState, steps};
pub use table::{Column, Empty, Table};
pub use tone::{Tone, badge};
pub use when::{countdown, exact, span, when};
