//! The real executable and a real Redis, started and stopped by the tests.
