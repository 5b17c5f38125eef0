//! The RADIUS service: sockets, duplicate cache, authorisation, accounting and Disconnect.
