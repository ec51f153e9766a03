//! What is bound to a statement: the types that both databases have.

/// One bound value. Each says its type even where there is none: PostgreSQL asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(Option<i64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// True or false: in conditions only, no column is one.
    Truth(bool),
}

macro_rules! from {
    ($($type:ty => $variant:ident($value:ident) $made:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$variant($made)
            }
        })*
    };
}

from! {
    i64 => Number(value) Some(value);
    &i64 => Number(value) Some(*value);
    u32 => Number(value) Some(value.into());
    u8 => Number(value) Some(value.into());
    Option<i64> => Number(value) value;
    Option<u32> => Number(value) value.map(i64::from);
    &str => Text(value) Some(value.to_owned());
    String => Text(value) Some(value);
    &String => Text(value) Some(value.clone());
    Option<&str> => Text(value) value.map(str::to_owned);
    Option<String> => Text(value) value;
    Option<&String> => Text(value) value.cloned();
    &Option<String> => Text(value) value.clone();
    &[u8] => Bytes(value) Some(value.to_vec());
    Vec<u8> => Bytes(value) Some(value);
    Option<&[u8]> => Bytes(value) value.map(<[u8]>::to_vec);
    Option<Vec<u8>> => Bytes(value) value;
    bool => Truth(value) value;
}
