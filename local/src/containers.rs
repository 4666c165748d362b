//! How containers reach this machine, and the environment file that `sam local` gives to a function in one.
//!
//! A container's 127.0.0.1 is the container. On Linux a container engine gives the machine an address on a bridge; a
//! desktop's engine gives it a name and forwards what comes there to the machine's loopback.

use serde_json::{Value, json};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use crate::database::{INDEX_TABLE, LOG_TABLE};
use crate::endpoints::EVENT_BUS;

/// The longest name of a host, in characters (RFC 1123, section 2.1).
const NAME_CHARS_MAX: usize = 255;
/// The longest label of such a name (RFC 1034, section 3.1).
const LABEL_CHARS_MAX: usize = 63;
/// The name of no state machine: `sam local` has none, and the functions do not start without a name.
const NO_STATE_MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:none";

/// The machine, as containers call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerHost {
    /// An address of this machine: the database's and the bus's ports are opened there too.
    Address(IpAddr),
    /// A name that a container engine resolves; it forwards to the loopback.
    Name(String),
}

/// Why a text names no machine to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContainerHostInvalid {
    /// Every address of the machine.
    #[error("is every address of this machine, the networks' too; name one address, such as the bridge's 172.17.0.1")]
    EveryAddress,
    /// The loopback.
    #[error("is the container itself when a container uses it; name the bridge's address, such as 172.17.0.1")]
    Loopback,
    /// An address of many machines.
    #[error("is the address of many machines; name one address, such as the bridge's 172.17.0.1")]
    ManyMachines,
    /// Something else.
    #[error("is neither an address nor a name; give one without scheme and port, such as 172.17.0.1")]
    Neither,
}

impl FromStr for ContainerHost {
    type Err = ContainerHostInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            // An IPv4 address that is written as one of IPv6 is the same address.
            return of_address(address.to_canonical());
        }
        let name = text.to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            return Err(ContainerHostInvalid::Loopback);
        }
        if is_name(&name) { Ok(Self::Name(name)) } else { Err(ContainerHostInvalid::Neither) }
    }
}

fn of_address(address: IpAddr) -> Result<ContainerHost, ContainerHostInvalid> {
    if address.is_unspecified() {
        Err(ContainerHostInvalid::EveryAddress)
    } else if address.is_loopback() {
        Err(ContainerHostInvalid::Loopback)
    } else if address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST) {
        Err(ContainerHostInvalid::ManyMachines)
    } else {
        Ok(ContainerHost::Address(address))
    }
}

/// A name of a host (RFC 1123). One that ends in a number is a mistyped address.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_CHARS_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= NAME_CHARS_MAX
        && name.split('.').all(is_label)
        && !last.starts_with(|first: char| first.is_ascii_digit())
}

/// As in a URL, and as in `Host` without its port.
impl fmt::Display for ContainerHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl ContainerHost {
    /// The address to listen on beside the loopback, if there is one.
    pub(crate) const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) => None,
        }
    }

    /// The file for the option `--env-vars` of `sam local`: the tables, the bus and the two ports. It is one object
    /// `Parameters`, which SAM CLI gives to every function. SAM CLI passes on only variables that the template names;
    /// so the key is not here but in the file `credentials`.
    #[must_use]
    pub fn sam_environment(&self, database: SocketAddr, events: SocketAddr) -> Value {
        json!({
            "Parameters": {
                "ALIMS_EVENT_BUS": EVENT_BUS,
                "ALIMS_EXPORT_STATE_MACHINE": NO_STATE_MACHINE,
                "ALIMS_INDEX_TABLE": INDEX_TABLE,
                "ALIMS_LOG_TABLE": LOG_TABLE,
                "ALIMS_RECOVERY_STATE_MACHINE": NO_STATE_MACHINE,
                "ALIMS_WITNESS_BUCKET": "",
                "AWS_ENDPOINT_URL": format!("http://{self}:{}", database.port()),
                "AWS_ENDPOINT_URL_EVENTBRIDGE": format!("http://{self}:{}", events.port()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_one_machine_and_a_name_are_taken() {
        for (text, shown, listens) in [
            ("172.17.0.1", "172.17.0.1", true),
            ("10.88.0.1", "10.88.0.1", true),
            ("fd00::1", "[fd00::1]", true),
            ("[fd00::1]", "[fd00::1]", true),
            ("::ffff:172.17.0.1", "172.17.0.1", true),
            ("host.docker.internal", "host.docker.internal", false),
            ("Host.Containers.Internal", "host.containers.internal", false),
            ("laptop", "laptop", false),
        ] {
            let host: ContainerHost = text.parse().unwrap();
            assert_eq!((&*host.to_string(), host.address().is_some()), (shown, listens), "{text}");
        }
    }

    #[test]
    fn what_exposes_too_much_or_reaches_nothing_is_refused_with_its_reason() {
        use ContainerHostInvalid::{EveryAddress, Loopback, ManyMachines, Neither};
        for (text, why) in [
            ("0.0.0.0", EveryAddress),
            ("::", EveryAddress),
            ("[::]", EveryAddress),
            ("::ffff:0.0.0.0", EveryAddress),
            ("127.0.0.1", Loopback),
            ("127.9.9.9", Loopback),
            ("::1", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("LocalHost", Loopback),
            ("x.localhost", Loopback),
            ("224.0.0.1", ManyMachines),
            ("ff02::1", ManyMachines),
            ("255.255.255.255", ManyMachines),
            ("", Neither),
            ("172.17.0", Neither),
            ("172.17.0.256", Neither),
            ("172.17.0.1:8000", Neither),
            ("http://172.17.0.1", Neither),
            ("[172.17.0.1", Neither),
            ("fe80::1%eth0", Neither),
            ("172.17.0.0/16", Neither),
            ("host.docker.internal.", Neither),
            ("-host", Neither),
            ("a b", Neither),
            ("*", Neither),
            ("höst", Neither),
        ] {
            assert_eq!(text.parse::<ContainerHost>(), Err(why), "{text:?}");
        }
        assert_eq!("x".repeat(64).parse::<ContainerHost>(), Err(Neither));
        assert_eq!(vec!["x"; 129].join(".").parse::<ContainerHost>(), Err(Neither));
    }

    #[test]
    fn the_environment_file_names_both_ports_as_a_container_reaches_them() {
        for (host, database, bus) in [
            ("172.17.0.1", "http://172.17.0.1:8000", "http://172.17.0.1:8001"),
            ("fd00::1", "http://[fd00::1]:8000", "http://[fd00::1]:8001"),
            ("host.docker.internal", "http://host.docker.internal:8000", "http://host.docker.internal:8001"),
        ] {
            let [on_8000, on_8001] = [8000, 8001].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
            let file = host.parse::<ContainerHost>().unwrap().sam_environment(on_8000, on_8001);
            let parameters = &file["Parameters"];
            assert_eq!(parameters["AWS_ENDPOINT_URL"], database);
            assert_eq!(parameters["AWS_ENDPOINT_URL_EVENTBRIDGE"], bus);
        }
    }
}
