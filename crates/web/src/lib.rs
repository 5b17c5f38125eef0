//! HTTP: portal, console, API and gateway hooks.
