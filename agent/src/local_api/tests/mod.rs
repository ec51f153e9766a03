//! Tests of the local API in front of a service that writes down what it is asked.

mod alerts;
mod bounds;
mod console;
mod handlers;
mod lists;
mod rights;
mod world;
