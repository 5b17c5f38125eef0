//! Money, phones, MAC addresses, codes, plans, tickets, quotas and state machines; no I/O, no async, no clock.
