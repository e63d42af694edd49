//! Connections of callers while the service stops.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::ConnectionType,
    middleware::Next,
    web::Data,
};

use crate::desk::Desk;

/// Middleware: once the service is stopping, an answer is the last on its connection (RFC 9112, 9.6), so that no caller
/// sends his next request on one that is closed under his hands.
pub async fn part(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let desk = request.app_data::<Data<Desk>>().cloned();
    let mut response = next.call(request).await?;
    if desk.is_some_and(|desk| desk.is_parting()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}
