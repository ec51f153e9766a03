//! systemd as PID 1. What nspawn accepts and does not enforce (`MemoryMax`, `TasksMax`, `DevicePolicy`) is not tested here.

mod golden_image;
mod life;
mod portal;
mod sealed_identity;
mod stage;
mod starts;
mod upgrade;
