//! The program `picket-portal`: its commands, each asking the people's API or working on files. Being written by
//! builder R (see portal/src/people/wire.rs too); builder Q: store, device, people's routes, serve.
