//! The operations of the API.

pub(crate) use nanonets_agents_api::Operation;

/// Whether the operation only reads (RFC 9110, section 9.2.1), so that it has no effect whatever happens to it.
pub(crate) fn is_read(operation: Operation) -> bool {
    operation.method().is_safe()
}
