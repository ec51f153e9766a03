//! Tables, random histories, and a simulation of log, hub and portal around the delivery.

mod simulation;
mod tables;
mod world;
