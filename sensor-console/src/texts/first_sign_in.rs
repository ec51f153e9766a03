//! Texts: first_sign_in.
