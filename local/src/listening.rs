//! Opens the server's ports: on the loopback, and those of database and bus also where containers reach them.

use axum::Router;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::serving::{Patience, serve};

/// How many free ports of the loopback to try on the other address: another program may have one of them there.
const FREE_PORT_TRIES: usize = 16;

/// Why a port is not open.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program listens on the port.
    #[error("port {port} is in use; choose another one with {option}, or {option} 0 for a free port")]
    PortInUse {
        /// Which.
        port: u16,
        /// The option that sets the port.
        option: &'static str,
    },
    /// Another program listens on the port at the address for containers.
    #[error("port {port} of {address} is in use; choose another one with {option}, or {option} 0 for a free port")]
    PortInUseThere {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The option that sets the port.
        option: &'static str,
    },
    /// The address for containers is another machine's, or no interface has it yet.
    #[error(
        "{address} is no address of this machine; start the container engine first, and look for its bridge with `ip address`"
    )]
    NotHere {
        /// The address.
        address: IpAddr,
    },
    /// The address for containers cannot be listened on.
    #[error("cannot listen on port {port} of {address}")]
    Address {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The port cannot be listened on.
    #[error("cannot listen on port {port}")]
    Port {
        /// Which.
        port: u16,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// One port, on the loopback and perhaps on one more address.
pub(crate) struct Port {
    loopback: TcpListener,
    also: Option<TcpListener>,
    address: SocketAddr,
}

/// Listens on a port of the loopback; 0 for a free one.
pub(crate) async fn listen(port: u16, option: &'static str) -> Result<(TcpListener, SocketAddr), ListenError> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::AddrInUse {
            ListenError::PortInUse { port, option }
        } else {
            ListenError::Port { port, source }
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(|source| ListenError::Port { port, source })?;
    Ok((listener, address))
}

impl Port {
    /// Listens on a port of the loopback, 0 for a free one, and on the same port of another address.
    pub(crate) async fn open(port: u16, option: &'static str, also: Option<IpAddr>) -> Result<Self, ListenError> {
        let mut tries = 0;
        loop {
            let (loopback, address) = listen(port, option).await?;
            let Some(there) = also else { return Ok(Self { loopback, also: None, address }) };
            tries += 1;
            match listen_at(there, address.port(), option).await {
                Ok(listener) => return Ok(Self { loopback, also: Some(listener), address }),
                Err(ListenError::PortInUseThere { .. }) if port == 0 && tries < FREE_PORT_TRIES => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is on the loopback.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the same on both addresses until `stop`. Each has connections of its own, so that containers cannot take
    /// those of this machine's programs.
    pub(crate) async fn serve(self, routes: Router, patience: Patience, stop: CancellationToken) {
        let there = async {
            if let Some(listener) = self.also {
                serve(listener, routes.clone(), patience, stop.clone()).await;
            }
        };
        tokio::join!(serve(self.loopback, routes.clone(), patience, stop.clone()), there);
    }

    /// Leaves this runtime, to be served on another one.
    pub(crate) fn into_std(self) -> io::Result<StdPort> {
        let also = self.also.map(TcpListener::into_std).transpose()?;
        Ok(StdPort { loopback: self.loopback.into_std()?, also, address: self.address })
    }
}

/// A port between two runtimes.
pub(crate) struct StdPort {
    loopback: std::net::TcpListener,
    also: Option<std::net::TcpListener>,
    address: SocketAddr,
}

impl StdPort {
    /// Enters the runtime that calls this.
    pub(crate) fn into_tokio(self) -> io::Result<Port> {
        let also = self.also.map(TcpListener::from_std).transpose()?;
        Ok(Port { loopback: TcpListener::from_std(self.loopback)?, also, address: self.address })
    }
}

async fn listen_at(address: IpAddr, port: u16, option: &'static str) -> Result<TcpListener, ListenError> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::AddrInUse {
            ListenError::PortInUseThere { address, port, option }
        } else if source.kind() == io::ErrorKind::AddrNotAvailable {
            ListenError::NotHere { address }
        } else {
            ListenError::Address { address, port, source }
        }
    };
    TcpListener::bind((address, port)).await.map_err(failed)
}
