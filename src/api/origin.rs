//! Where a request comes from: the address of the connection, or what a declared proxy says of it.
//!
//! The rule: a header is believed as far as declared proxies wrote it, and only the header that they are said to write.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::{
    dev::ServiceRequest,
    http::header::{self, HeaderMap},
};

use super::Problem;
use crate::{
    access::Networks,
    failure::{Failure, FailureCode},
};

/// The header in which a proxy names who it speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`, as most proxies do.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// From where requests are taken, and whom the service believes about others.
#[derive(Debug, Clone)]
pub struct Origins {
    /// Declared proxies.
    pub proxies: Networks,
    pub forwarded_by: ForwardedBy,
    /// Whether only proxies and this machine may connect: so where a proxy is declared and there is no TLS of our own.
    pub proxies_only: bool,
}

/// The address a request comes from.
pub(super) fn of(request: &ServiceRequest, origins: &Origins) -> Result<IpAddr, Problem> {
    let peer = request.peer_addr().map(|peer: SocketAddr| peer.ip().to_canonical());
    let peer = peer.ok_or_else(|| Failure::internal("a connection without an address"))?;
    let is_proxy = !origins.proxies.are_open() && origins.proxies.contain(peer);
    if origins.proxies_only && !is_proxy && !peer.is_loopback() {
        return Err(Failure::new(
            FailureCode::NetworkRefused,
            "Dịch vụ chỉ nhận yêu cầu qua proxy đã khai báo.",
            "Requests are taken from declared proxies only.",
        )
        .hint("Gửi tới địa chỉ công bố của dịch vụ.")
        .into());
    }
    Ok(if is_proxy { behind(peer, &told(request.headers(), origins.forwarded_by), origins) } else { peer })
}

/// Whether a program on this machine speaks to the service, with no proxy between, and means it: a page in a browser that
/// was led here by a foreign name sends that name.
pub(super) fn is_here(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    let passed_on = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
        && !passed_on.iter().any(|name| headers.contains_key(*name))
        && host.is_none_or(is_loopback_name)
}

fn is_loopback_name(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().to_canonical().is_loopback();
    }
    let with_port = host.rsplit_once(':').filter(|_| !host.ends_with(']'));
    let name = with_port.map_or(host, |(name, _port)| name);
    let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || literal.is_some_and(|name| name.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()))
}

/// Goes from the connection outwards as long as declared proxies tell; the first other address is the caller's. Where a
/// proxy tells something that is no address, it is taken for the caller itself.
fn behind(peer: IpAddr, told: &[Option<IpAddr>], origins: &Origins) -> IpAddr {
    let mut nearest = peer;
    for address in told.iter().rev() {
        if !origins.proxies.contain(nearest) {
            break;
        }
        let Some(address) = address else { break };
        nearest = *address;
    }
    nearest
}

/// The addresses in the header, those next to us last.
fn told(headers: &HeaderMap, by: ForwardedBy) -> Vec<Option<IpAddr>> {
    let name = match by {
        ForwardedBy::XForwardedFor => "x-forwarded-for",
        ForwardedBy::Forwarded => "forwarded",
    };
    let values = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
    let elements = values.flat_map(|value| value.split(','));
    match by {
        ForwardedBy::XForwardedFor => elements.map(address).collect(),
        ForwardedBy::Forwarded => elements.map(|element| forwarded_for(element).and_then(address)).collect(),
    }
}

/// `for=…` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

/// An address, with a port or not, in quotes or not, IPv6 in brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let socket = || text.parse::<SocketAddr>().map(|socket| socket.ip()).ok();
    let bare = || text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).parse::<IpAddr>().ok();
    socket().or_else(bare).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn origins(forwarded_by: ForwardedBy) -> Origins {
        Origins { proxies: "10.0.0.0/8, fd00::/8".parse().unwrap(), forwarded_by, proxies_only: false }
    }

    fn from(peer: &str, headers: &[(&'static str, &str)], origins: &Origins) -> String {
        let request = TestRequest::default().peer_addr(SocketAddr::new(peer.parse().unwrap(), 40_000));
        let request = headers.iter().fold(request, |request, header| request.append_header(*header));
        of(&request.to_srv_request(), origins).unwrap().to_string()
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_is_the_callers() {
        let origins = origins(ForwardedBy::XForwardedFor);
        let told = |peer: &str, value: &str| from(peer, &[("x-forwarded-for", value)], &origins);
        assert_eq!(told("192.0.2.9", "203.0.113.1"), "192.0.2.9", "a stranger says nothing of others");
        assert_eq!(told("10.0.0.1", "203.0.113.1"), "203.0.113.1");
        assert_eq!(told("::ffff:10.0.0.1", "203.0.113.1"), "203.0.113.1");
        assert_eq!(
            told("10.0.0.1", "198.51.100.7, 203.0.113.1"),
            "203.0.113.1",
            "the left one is the caller's own word"
        );
        assert_eq!(told("10.0.0.1", "198.51.100.7, 203.0.113.1, 10.9.9.9"), "203.0.113.1", "two proxies");
        assert_eq!(told("10.0.0.1", "203.0.113.1:4711"), "203.0.113.1");
        assert_eq!(told("10.0.0.1", "[2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(told("10.0.0.1", "2001:db8::1"), "2001:db8::1");
        assert_eq!(told("10.0.0.1", "10.0.0.2"), "10.0.0.2", "all of them are proxies: the farthest");
        for nonsense in ["", "unknown", "203.0.113.1, x", "127.0.0.1;203.0.113.1"] {
            assert_eq!(told("10.0.0.1", nonsense), "10.0.0.1", "{nonsense:?}");
        }
        let two = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "203.0.113.1")];
        assert_eq!(from("10.0.0.1", &two, &origins), "203.0.113.1", "two headers are one list");
        let other = [("forwarded", "for=198.51.100.7"), ("x-forwarded-for", "203.0.113.1")];
        assert_eq!(from("10.0.0.1", &other, &origins), "203.0.113.1", "the header that is not declared is a caller's");
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_declared() {
        let origins = origins(ForwardedBy::Forwarded);
        let told = |value: &str| from("fd00::1", &[("forwarded", value)], &origins);
        assert_eq!(told("for=203.0.113.1;proto=https"), "203.0.113.1");
        assert_eq!(told("by=x; For=\"[2001:db8::1]:4711\""), "2001:db8::1");
        assert_eq!(told("for=198.51.100.7, for=203.0.113.1, for=10.9.9.9"), "203.0.113.1");
        for nonsense in ["for=_hidden", "proto=https", "for=203.0.113.1;for=203.0.113.2"] {
            assert_eq!(told(nonsense), "fd00::1", "{nonsense}");
        }
    }

    #[test]
    fn where_only_proxies_may_connect_others_are_refused() {
        let origins = Origins { proxies_only: true, ..origins(ForwardedBy::XForwardedFor) };
        let peer = |address: &str| TestRequest::default().peer_addr(SocketAddr::new(address.parse().unwrap(), 1));
        assert!(of(&peer("192.0.2.1").to_srv_request(), &origins).is_err());
        assert!(of(&peer("10.0.0.1").to_srv_request(), &origins).is_ok());
        assert!(of(&peer("127.0.0.1").to_srv_request(), &origins).is_ok());
    }

    #[test]
    fn here_is_a_program_on_this_machine_that_names_it() {
        let here = |peer: &str, headers: &[(&'static str, &str)]| {
            let request = TestRequest::default().peer_addr(SocketAddr::new(peer.parse().unwrap(), 40_000));
            is_here(&headers.iter().fold(request, |request, header| request.append_header(*header)).to_srv_request())
        };
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:80", "[::1]:8080", "[::1]", "127.9.9.9"] {
            assert!(here("127.0.0.1", &[("host", host)]), "{host}");
        }
        assert!(here("::1", &[]) && !here("192.0.2.1", &[("host", "localhost")]));
        for host in ["evil.example", "127.0.0.1.nip.io", "192.0.2.1:8080", "localhost.evil.example", ""] {
            assert!(!here("127.0.0.1", &[("host", host)]), "{host}");
        }
        for proxy in ["x-forwarded-for", "forwarded", "via"] {
            assert!(!here("127.0.0.1", &[("host", "localhost"), (proxy, "1")]), "{proxy}");
        }
    }
}
