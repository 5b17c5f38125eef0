//! The provider's pages.
