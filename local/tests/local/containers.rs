//! The database's and the bus's ports for containers: open where it was said, with the key, and by that name only.

use alims_local::{Config, ContainerHost, ListenError, Server, StartError};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use crate::raw::{address_of, request};

const LIST_TABLES: &str = "DynamoDB_20120810.ListTables";
const PUT_EVENTS: &str = "AWSEvents.PutEvents";
/// For documentation only, so no machine has it (RFC 5737).
const NO_MACHINES: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn config(data: &Path, containers: ContainerHost) -> Config {
    Config { containers: Some(containers), ..Config::new(data) }
}

fn key(server: &Server) -> String {
    let id = server.access_key().id();
    format!("AWS4-HMAC-SHA256 Credential={id}/20261128/local/any/aws4_request, SignedHeaders=host, Signature=00")
}

/// The ports of database and bus on the loopback, with a request that each answers.
fn ports(server: &Server) -> [(SocketAddr, &'static str, &'static str); 2] {
    let put = r#"{"Entries": [{"Source": "s", "DetailType": "t", "Detail": "{}"}]}"#;
    let [database, bus] =
        [server.dynamodb(), server.eventbridge()].map(|config| address_of(config.endpoint_url().unwrap()));
    [(database, LIST_TABLES, "{}"), (bus, PUT_EVENTS, put)]
}

async fn status(address: SocketAddr, host: &str, more: &[(&str, &str)], target: &str, body: &str) -> String {
    let headers = [&[("host", host), ("x-amz-target", target)], more].concat();
    request(address, "POST /", &headers, body).await[9..12].to_owned()
}

#[tokio::test]
async fn database_and_bus_go_by_the_name_for_containers_and_the_service_does_not() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(config(data.path(), "host.docker.internal".parse().unwrap())).await.unwrap();
    let key = key(&server);
    for (address, target, body) in ports(&server) {
        let with_key = [("authorization", &*key)];
        let named = format!("host.docker.internal:{}", address.port());
        assert_eq!(status(address, &named, &with_key, target, body).await, "200");
        assert_eq!(status(address, &named, &[], target, body).await, "400", "the key is wanted here too");
        let page = [("authorization", &*key), ("origin", "http://evil.example")];
        assert_eq!(status(address, &named, &page, target, body).await, "403");
        for other in ["docker.internal", "172.17.0.1", "0.0.0.0", "evil.example", "host.docker.internal.evil.example"] {
            assert_eq!(status(address, other, &with_key, target, body).await, "421", "{other}");
        }
    }
    let health = request(server.address(), "GET /health", &[("host", "host.docker.internal")], "").await;
    assert!(health.starts_with("HTTP/1.1 421 "), "{health}");
    server.stop().await;
}

/// Linux has every address of 127.0.0.0/8; one of them stands for the bridge, which no machine must have.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn database_and_bus_are_open_on_the_bridge_with_the_key_and_the_service_is_not() {
    let (data, bridge) = (tempfile::tempdir().unwrap(), IpAddr::from([127, 0, 0, 2]));
    let server = Server::start(config(data.path(), ContainerHost::Address(bridge))).await.unwrap();
    let key = key(&server);
    for (loopback, target, body) in ports(&server) {
        let there = SocketAddr::new(bridge, loopback.port());
        for address in [loopback, there] {
            let own = address.to_string();
            assert_eq!(status(address, &own, &[("authorization", &*key)], target, body).await, "200", "{address}");
            assert_eq!(status(address, &own, &[], target, body).await, "400", "{address}");
            assert_eq!(status(address, "evil.example", &[("authorization", &*key)], target, body).await, "421");
        }
    }
    // Nothing listens there.
    drop(TcpListener::bind((bridge, server.address().port())).unwrap());
    server.stop().await;
}

#[tokio::test]
async fn the_environment_file_is_there_while_a_server_serves_containers_and_names_its_ports() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("sam-local.env.json");
    std::fs::write(&file, "of a server that was killed").unwrap();
    let server = Server::start(Config::new(data.path())).await.unwrap();
    assert!(!file.exists(), "the ports of another start stay");
    server.stop().await;

    let server = Server::start(config(data.path(), "host.docker.internal".parse().unwrap())).await.unwrap();
    let told: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let [(database, ..), (bus, ..)] = ports(&server);
    for (name, address) in [("AWS_ENDPOINT_URL", database), ("AWS_ENDPOINT_URL_EVENTBRIDGE", bus)] {
        let url = format!("http://host.docker.internal:{}", address.port());
        assert_eq!(told["Parameters"][name], json!(url), "{name}");
    }
    server.stop().await;
    assert!(!file.exists(), "it says where no server is");
}

#[tokio::test]
async fn an_address_of_another_machine_is_refused_with_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    let refused = Server::start(config(data.path(), ContainerHost::Address(NO_MACHINES))).await.err().unwrap();
    assert!(
        matches!(refused, StartError::Listen(ListenError::NotHere { address }) if address == NO_MACHINES),
        "{refused}"
    );
    assert!(refused.to_string().starts_with("192.0.2.1 is no address of this machine; "), "{refused}");
    // It left nothing open and nothing locked.
    Server::start(Config::new(data.path())).await.unwrap().stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_port_that_is_taken_on_the_bridge_alone_is_refused_with_its_option() {
    let (data, bridge) = (tempfile::tempdir().unwrap(), IpAddr::from([127, 0, 0, 2]));
    let taken = TcpListener::bind((bridge, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let chosen = Config { events_port: port, ..config(data.path(), ContainerHost::Address(bridge)) };
    let refused = Server::start(chosen).await.err().unwrap().to_string();
    assert!(refused.starts_with(&format!("port {port} of 127.0.0.2 is in use; choose another")), "{refused}");
    assert!(refused.contains("--events-port"), "{refused}");
}
