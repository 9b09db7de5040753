//! How the world does it: processes, disks.
