//! The use cases, on both engines, against a gateway and routers that do as they are told.
