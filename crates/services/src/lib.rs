//! The rooms: what Trainyard does.
