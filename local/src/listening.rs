//! Opens the server's ports: on the loopback, and those of database and bus also where containers reach them.

use axum::Router;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::serving::{Patience, serve};
use crate::start_error::StartError;

/// How many free ports of the loopback to try on the other address: another program may have one of them there.
const FREE_PORT_TRIES: usize = 16;

/// One port, on the loopback and perhaps on one more address.
pub(crate) struct Port {
    loopback: TcpListener,
    also: Option<TcpListener>,
    address: SocketAddr,
}

/// Listens on a port of the loopback; 0 for a free one.
pub(crate) async fn listen(port: u16, option: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::AddrInUse {
            StartError::PortInUse { port, option }
        } else {
            StartError::Port { port, source }
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(|source| StartError::Port { port, source })?;
    Ok((listener, address))
}

impl Port {
    /// Listens on a port of the loopback, 0 for a free one, and on the same port of another address.
    pub(crate) async fn open(port: u16, option: &'static str, also: Option<IpAddr>) -> Result<Self, StartError> {
        let mut tries = 0;
        loop {
            let (loopback, address) = listen(port, option).await?;
            let Some(there) = also else { return Ok(Self { loopback, also: None, address }) };
            tries += 1;
            match listen_at(there, address.port(), option).await {
                Ok(listener) => return Ok(Self { loopback, also: Some(listener), address }),
                Err(StartError::PortInUseThere { .. }) if port == 0 && tries < FREE_PORT_TRIES => {}
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

async fn listen_at(address: IpAddr, port: u16, option: &'static str) -> Result<TcpListener, StartError> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::AddrInUse {
            StartError::PortInUseThere { address, port, option }
        } else if source.kind() == io::ErrorKind::AddrNotAvailable {
            StartError::NotHere { address }
        } else {
            StartError::Address { address, port, source }
        }
    };
    TcpListener::bind((address, port)).await.map_err(failed)
}
